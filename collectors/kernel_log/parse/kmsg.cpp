#include "collectors/kernel_log/parse/kmsg.hpp"

#include <fmt/core.h>

#include "collectors/kernel_log/parse/text_scanner.hpp"

namespace lastgood {

Result<KmsgRecord> parse_kmsg_record(std::string_view record) {
    const auto refuse = [record] {
        return fail(ErrorKind::malformed,
                    fmt::format("not a /dev/kmsg record: \"{}\"", record.substr(0, 60)));
    };
    TextScanner scan(record);
    const auto priority = scan.number();
    if (!priority || *priority > 0xffff || !scan.skip(",")) return refuse();
    const auto sequence = scan.number();
    if (!sequence || !scan.skip(",")) return refuse();
    const auto microseconds = scan.number();
    if (!microseconds || (scan.peek() != ',' && scan.peek() != ';')) return refuse();
    // Flags, and fields that later kernels add before the semicolon.
    if (!scan.until(";")) return refuse();
    KmsgRecord parsed;
    parsed.level = static_cast<int>(*priority & 7);
    parsed.facility = static_cast<unsigned>(*priority >> 3);
    parsed.sequence = *sequence;
    parsed.microseconds = *microseconds;
    std::string_view rest = scan.rest();
    parsed.text = take_line(rest);
    while (rest.starts_with(' ')) {
        const std::string_view line = take_line(rest).substr(1);
        if (line.starts_with("SUBSYSTEM=")) parsed.subsystem = line.substr(10);
        if (line.starts_with("DEVICE=")) parsed.device = line.substr(7);
    }
    return parsed;
}

std::string unescape_kmsg(std::string_view text) {
    std::string plain;
    plain.reserve(text.size());
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] == 'x') {
            TextScanner digits(text.substr(i + 2, 2));
            if (const auto value = digits.hexadecimal(); value && digits.at_end()) {
                plain += static_cast<char>(*value);
                i += 3;
                continue;
            }
        }
        plain += text[i];
    }
    return plain;
}

}  // namespace lastgood
