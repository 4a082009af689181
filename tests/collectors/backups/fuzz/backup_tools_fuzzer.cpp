// The parsers of the files that backup tools leave in clear.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/backups/parse/rsnapshot_log.hpp"

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace lastgood;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const auto& run : parse_rsnapshot_log(text)) {
        require((run.end == RsnapshotEnd::none) == (run.ended == 0));
        require(run.process >= 0);
    }
    return 0;
}
