#include "collectors/backups/parse/vzdump_log.hpp"

#include <cstdint>

#include "collectors/backups/parse/name_time.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr std::string_view time_form = "0000_00_00-00_00_00";

bool has_time_form(std::string_view text) {
    if (text.size() != time_form.size()) return false;
    for (size_t i = 0; i < text.size(); ++i)
        if (time_form[i] == '0' ? !is_digit(text[i]) : text[i] != time_form[i]) return false;
    return true;
}

std::optional<VzdumpFile> file_of(std::string_view ending) {
    if (ending == ".log") return VzdumpFile::log;
    if (ending.ends_with(".dat") || ending.ends_with(".tmp")) return VzdumpFile::unfinished;
    for (const std::string_view format : {".vma", ".tar"}) {
        if (!ending.starts_with(format)) continue;
        const std::string_view packed = ending.substr(format.size());
        if (packed.empty() || packed == ".zst" || packed == ".gz" || packed == ".lzo")
            return VzdumpFile::archive;
    }
    if (ending == ".tgz") return VzdumpFile::archive;
    return std::nullopt;
}

// "(00:01:23)" at the end of a line.
std::optional<Seconds> parse_duration_at_end(std::string_view line) {
    const size_t start = line.rfind('(');
    if (start == line.npos) return std::nullopt;
    std::string_view text = line.substr(start + 1);
    double seconds = 0;
    for (const char after : {':', ':', ')'}) {
        const auto part = take_number<uint32_t>(text);
        if (!part || !text.starts_with(after)) return std::nullopt;
        text.remove_prefix(1);
        seconds = 60 * seconds + *part;
    }
    return seconds;
}

// "532MB", "1.23GB": binary units.
std::optional<double> parse_archive_size(std::string_view text) {
    const auto number = take_number<double>(text);
    if (!number || !(*number >= 0) || *number > 1e9) return std::nullopt;
    double size = *number;
    for (const std::string_view unit : {"B", "KB", "MB", "GB", "TB"}) {
        if (text == unit) return size;
        size *= 1024;
    }
    return std::nullopt;
}

// The text behind `mark`; empty: it is not in the line.
std::string_view behind(std::string_view line, std::string_view mark) {
    const size_t start = line.find(mark);
    return start == line.npos ? std::string_view() : line.substr(start + mark.size());
}

}  // namespace

std::optional<VzdumpName> parse_vzdump_name(std::string_view name) {
    constexpr std::string_view prefix = "vzdump-";
    if (!name.starts_with(prefix)) return std::nullopt;
    std::string_view rest = name.substr(prefix.size());
    const std::string_view type = take_until(rest, '-');
    const std::string_view number = take_until(rest, '-');
    if ((type != "qemu" && type != "lxc" && type != "openvz") || number.empty() ||
        number.size() > 10 || !consists_of(number, decimal_digits) ||
        rest.size() <= time_form.size() || !has_time_form(rest.substr(0, time_form.size())))
        return std::nullopt;
    const auto file = file_of(rest.substr(time_form.size()));
    const auto time = find_time_by_pattern(rest.substr(0, time_form.size()), "%Y_%m_%d-%H_%M_%S");
    if (!file || !time) return std::nullopt;
    VzdumpName result;
    result.guest.append(type).append("-").append(number);
    result.start = time->time;
    result.stem = name.substr(0, name.size() - (rest.size() - time_form.size()));
    result.file = *file;
    return result;
}

VzdumpLog parse_vzdump_log(std::string_view text) {
    VzdumpLog log;
    while (!text.empty()) {
        const std::string_view line = trim_end(take_line(text));
        if (const auto error = behind(line, "ERROR: "); !error.empty() && log.error.empty())
            log.error = error;
        if (contains(line, "INFO: Finished Backup of VM ")) {
            log.finished = true;
            log.duration = parse_duration_at_end(line);
        }
        if (const auto size = behind(line, "INFO: archive file size: "); !size.empty())
            log.archive_size = parse_archive_size(size);
    }
    return log;
}

}  // namespace lastgood
