#include "collectors/backups/parse/snapper_info.hpp"

#include <string>

#include "collectors/backups/parse/record_time.hpp"
#include "core/text.hpp"

namespace lastgood {

std::optional<Timestamp> parse_snapper_date(std::string_view info) {
    constexpr std::string_view begin = "<date>", end = "</date>", last = "</snapshot>";
    if (!contains(info, "<snapshot>") || !trim(info).ends_with(last)) return std::nullopt;
    const size_t from = info.find(begin);
    if (from == info.npos) return std::nullopt;
    const std::string_view rest = info.substr(from + begin.size());
    const size_t length = rest.find(end);
    if (length == rest.npos) return std::nullopt;
    return parse_record_time(std::string(trim(rest.substr(0, length))) + "Z");
}

}  // namespace lastgood
