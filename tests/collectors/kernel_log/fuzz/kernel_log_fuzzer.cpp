// Parses any bytes as a saved kernel log.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "collectors/kernel_log/parse/log_time.hpp"
#include "collectors/kernel_log/parse/reader.hpp"
#include "collectors/kernel_log/parse/text.hpp"
#include "core/device_name.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace lastgood;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    size_t seen = 0;
    KernelLogReader reader([&seen](const KernelEvent& event, const KernelLogReader::Origin&) {
        seen += event.device.size() + event.text.size() + whole_device(event.device).size();
    });
    for_each_kernel_message(text, [&](std::string_view message, const KernelLogLine& line) {
        (void)time_of(line.civil_time, 1700000000);
        reader.feed(message, {});
    });
    reader.flush();
    if (reader.pending()) __builtin_trap();
    return 0;
}
