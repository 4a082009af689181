#include "tests/example/parse/io_pressure.hpp"

#include <charconv>

namespace lastgood {

Result<double> parse_io_pressure(std::string_view text) {
    constexpr std::string_view key = " avg300=";
    const std::string_view line = text.substr(0, text.find('\n'));
    const size_t at = line.find(key);
    if (!line.starts_with("some ") || at == line.npos)
        return fail(ErrorKind::malformed, "/proc/pressure/io: no avg300 in the line \"some\"");
    double percent = -1;
    const char* end = line.data() + line.size();
    std::from_chars(line.data() + at + key.size(), end, percent);
    if (!(percent >= 0 && percent <= 100))
        return fail(ErrorKind::malformed, "/proc/pressure/io: avg300 is not a percentage");
    return percent / 100;
}

}  // namespace lastgood
