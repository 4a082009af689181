#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/smart/parse/nvme_text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto health = lastgood::parse_nvme_text({reinterpret_cast<const char*>(data), size});
    if (health && health->critical_warning && *health->critical_warning > 0xff) std::abort();
    return 0;
}
