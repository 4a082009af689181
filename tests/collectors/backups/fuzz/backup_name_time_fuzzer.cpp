#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "collectors/backups/parse/copy_name.hpp"
#include "collectors/backups/parse/name_time.hpp"
#include "core/glob.hpp"

// The input is a pattern, a zero byte and a name; without a zero byte, only a name.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    // Names have at most 255 bytes (NAME_MAX); patterns come from an administrator.
    const std::string_view text(reinterpret_cast<const char*>(data), size < 1024 ? size : 1024);
    const auto found = lastgood::find_time_in_name(text);
    // The years 1990 to 2099, plus a day for time zones.
    if (found && (found->time < 631065600 || found->time > 4102531200)) std::abort();
    if (found && (found->begin >= found->end || found->end > text.size())) std::abort();
    const auto stream = lastgood::stream_of(text, found);
    if (stream.empty() != text.empty()) std::abort();
    lastgood::LocalDays days;
    const auto again = lastgood::find_time_in_name(text, &days);
    if (again.has_value() != found.has_value() || (found && again->time != found->time))
        std::abort();
    // The same name has the same time.
    if (found && lastgood::compare_times(text, text, *found).value_or(0) != 0) std::abort();
    const size_t zero = text.find('\0');
    if (zero == std::string_view::npos) return 0;
    const auto pattern = text.substr(0, zero);
    const auto name = text.substr(zero + 1);
    const auto matched = lastgood::find_time_by_pattern(name, pattern);
    if (matched && !lastgood::what_is_wrong_with_time_pattern(pattern).empty()) std::abort();
    const std::string whole(pattern);
    const std::string compared(name.substr(0, name.find('\0')));
    if (lastgood::ComponentPattern(whole).matches(compared.c_str()) !=
        lastgood::matches_component(whole, compared))
        std::abort();
    if (lastgood::split_path_pattern(pattern).components.empty()) std::abort();
    return 0;
}
