#include "collectors/backups/parse/duplicity_name.hpp"

#include <algorithm>
#include <cstdint>
#include <set>

#include "collectors/backups/parse/completeness.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

// "20261126T121100Z", at the start of the text.
std::optional<Timestamp> take_time(std::string_view& text) {
    constexpr size_t length = 16;
    if (text.size() < length || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
    const auto number = [&](size_t start, size_t digits) -> int {
        const std::string_view field = text.substr(start, digits);
        return consists_of(field, decimal_digits) ? parse_number<int>(field).value_or(-1) : -1;
    };
    CivilTime civil;
    civil.year = number(0, 4);
    civil.month = number(4, 2);
    civil.day = number(6, 2);
    civil.hour = number(9, 2);
    civil.minute = number(11, 2);
    civil.second = number(13, 2);
    if (civil.year < 1970 || !civil.has_valid_date() || !civil.has_valid_time())
        return std::nullopt;
    text.remove_prefix(length);
    return from_civil_utc(civil);
}

bool take(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

}  // namespace

std::optional<DuplicityName> parse_duplicity_name(std::string_view name) {
    const size_t start = name.find("duplicity-");
    if (start == name.npos) return std::nullopt;
    DuplicityName result;
    result.prefix = name.substr(0, start);
    name.remove_prefix(start);
    result.full = take(name, "duplicity-full.");
    if (!result.full) {
        if (!take(name, "duplicity-inc.")) return std::nullopt;
        const auto base = take_time(name);
        if (!base || !take(name, ".to.")) return std::nullopt;
        result.base = *base;
    }
    const auto time = take_time(name);
    if (!time) return std::nullopt;
    result.time = *time;
    if (take(name, ".vol")) {
        result.file = DuplicityFile::volume;
        const auto volume = take_number<int>(name);
        if (!volume || *volume < 1 || !take(name, ".difftar")) return std::nullopt;
        result.volume = *volume;
    } else if (!take(name, ".manifest")) {
        return std::nullopt;
    }
    // ".part" is written now.
    if (!name.empty() && name != ".gpg" && name != ".gz" && name != ".zst" && name != ".bz2")
        return std::nullopt;
    result.encrypted = name == ".gpg";
    return result;
}

std::string_view what_is_wrong_with_duplicity_manifest(std::string_view manifest, bool encrypted,
                                                       int last_volume) {
    if (manifest.empty()) return "it is empty";
    if (encrypted) {
        const auto verdict = judge_ends(manifest.size(), [&](uint64_t offset, size_t length) {
            return std::string(manifest.substr(std::min<size_t>(offset, manifest.size()), length));
        });
        if (verdict.format != "openpgp")
            return "it is damaged: it is not encrypted as its name says";
        return verdict.state == Completeness::incomplete ? "it is cut off or damaged" : "";
    }
    const auto volumes = count_duplicity_volumes(manifest);
    if (!volumes) return "it is damaged: it is no manifest";
    return *volumes < last_volume || !manifest.ends_with('\n') ? "it is cut off" : "";
}

std::optional<int> count_duplicity_volumes(std::string_view manifest) {
    if (!manifest.starts_with("Hostname ")) return std::nullopt;
    // One that was interrupted and resumed names the volume where it went on twice.
    std::set<std::string_view> volumes;
    while (!manifest.empty())
        if (const auto line = take_line(manifest); line.starts_with("Volume "))
            volumes.insert(line);
    return static_cast<int>(volumes.size());
}

}  // namespace lastgood
