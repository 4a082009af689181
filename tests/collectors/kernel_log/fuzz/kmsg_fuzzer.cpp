// Parses any bytes as a record of /dev/kmsg.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "collectors/kernel_log/parse/kmsg.hpp"
#include "collectors/kernel_log/parse/reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace lastgood;
    const auto record = parse_kmsg_record({reinterpret_cast<const char*>(data), size});
    if (!record) return 0;
    KernelLogReader reader([](const KernelEvent&, const KernelLogReader::Origin&) {});
    reader.feed(unescape_kmsg(record->text), {0, record->device});
    reader.flush();
    return 0;
}
