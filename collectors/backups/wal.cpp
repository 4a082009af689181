#include "collectors/backups/wal.hpp"

#include <algorithm>

#include "collectors/backups/copies.hpp"
#include "core/filesystem_kind.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t log_name = 16;      // timeline and log, of a directory of 256 segments
constexpr size_t segment_name = 24;  // and the segment
constexpr int levels_above_data = 2;
constexpr size_t most_directories = 100;

bool is_hexadecimal(std::string_view text) {
    return std::ranges::all_of(
        text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); });
}

bool is_log(std::string_view name) {
    return name.size() == log_name && is_hexadecimal(name);
}

// Of the newest segment in a directory of segments; nullopt: it has none.
Result<std::optional<Timestamp>> newest_in_log(const Host& host, const std::string& directory) {
    const auto names = host.list(directory);
    if (!names) return Failure(names.error());
    for (auto name = names->rbegin(); name != names->rend(); ++name) {
        if (!is_wal_segment(*name)) continue;
        const auto status = host.status(directory + "/" + *name);
        if (status) return status->modified;
        if (status.error().kind != ErrorKind::absent) return Failure(status.error());
    }
    return std::nullopt;
}

Result<std::optional<Timestamp>> newest_in_version(const Host& host, const std::string& archive,
                                                   std::vector<std::string> logs) {
    std::erase_if(logs, [](const std::string& name) { return !is_log(name); });
    for (auto log = logs.rbegin(); log != logs.rend(); ++log) {
        auto newest = newest_in_log(host, archive + "/" + *log);
        if (!newest || *newest) return newest;
    }
    return std::nullopt;
}

// "15-2" after "9.6-1": by the number that pgBackRest counts up, of each upgrade.
int version_number(std::string_view name) {
    const size_t dash = name.rfind('-');
    return dash == std::string_view::npos ? 0
                                          : parse_number<int>(name.substr(dash + 1)).value_or(0);
}

std::optional<Timestamp> waiting_in(const Host& host, const std::string& data) {
    const std::string directory = data + "/pg_wal/archive_status";
    const auto names = host.list(directory);
    if (!names) return std::nullopt;
    for (const std::string& name : *names)  // sorted: the oldest segment comes first
        if (name.ends_with(".ready") && is_wal_segment(std::string_view(name).substr(
                                            0, name.size() - std::string_view(".ready").size())))
            if (const auto status = host.status(directory + "/" + name)) return status->modified;
    return std::nullopt;
}

class Databases {
  public:
    Databases(const Host& host, const Topology& topology) : host_(host), topology_(topology) {}

    // find_place() looks at nothing that may hang: a name may be where a dead server is mounted.
    void look(const std::string& path, int levels) {
        const Place place = find_place(host_, topology_, path);
        if (!place.exists || place.mount == nullptr ||
            filesystem_kind(place.mount->type, "") == FilesystemKind::network)
            return;
        const auto status = host_.status(place.path);
        if (!status || status->kind != FileKind::directory || looked_++ > most_directories) return;
        if (host_.exists(place.path + "/global/pg_control")) {
            const auto waits = waiting_in(host_, place.path);
            if (waits && (!oldest || *waits < *oldest)) oldest = waits;
        } else if (levels > 0) {
            const auto names = host_.list(place.path);
            if (!names) return;
            for (const std::string& name : *names)
                if (looked_ <= most_directories) look(place.path + "/" + name, levels - 1);
        }
    }

    std::optional<Timestamp> oldest;

  private:
    const Host& host_;
    const Topology& topology_;
    size_t looked_ = 0;
};

}  // namespace

bool is_wal_segment(std::string_view name) {
    if (name.size() < segment_name || !is_hexadecimal(name.substr(0, segment_name))) return false;
    const std::string_view rest = name.substr(segment_name);
    return rest.empty() || rest.starts_with('-') ||
           contains(std::vector<std::string_view>{".gz", ".lz4", ".zst", ".bz2", ".xz"}, rest);
}

Result<std::optional<Timestamp>> newest_wal(const Host& host, const std::string& archive) {
    auto names = list_directories(host, archive);
    if (!names) return Failure(names.error());
    if (names->empty() || std::ranges::any_of(*names, is_log))
        return newest_in_version(host, archive, std::move(*names));
    const std::string& version = *std::ranges::max_element(*names, {}, version_number);
    auto logs = list_directories(host, archive + "/" + version);
    if (!logs) return Failure(logs.error());
    return newest_in_version(host, archive + "/" + version, std::move(*logs));
}

void note_wal(const Host& host, const std::string& archive, BackupState& state) {
    const auto newest = newest_wal(host, archive);
    if (newest)
        state.newest_wal = *newest;
    else if (newest.error().kind != ErrorKind::absent)
        state.problems.push_back(newest.error());
}

std::optional<Timestamp> oldest_waiting_wal(const Host& host, const Topology& topology,
                                            const std::vector<std::string>& places) {
    Databases databases(host, topology);
    for (const std::string& place : places) databases.look(place, levels_above_data);
    return databases.oldest;
}

}  // namespace lastgood
