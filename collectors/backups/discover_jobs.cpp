#include "collectors/backups/discover_jobs.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "collectors/backups/discover_name.hpp"
#include "collectors/backups/job_files.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace lastgood {

namespace {

class Merger {
  public:
    Merger(const Host& host, const Topology& topology, const Config& config, Discovery& found)
        : host_(host), topology_(topology), config_(config), found_(found) {
        for (const Backup& backup : config.backups) names_.insert(backup.name);
        for (const SuggestedBackup& one : found.suggestions) names_.insert(one.backup.name);
    }
    void add(const FoundJob& one);

  private:
    bool is_configured(const FoundJob& one) const;
    void add_here(const FoundJob& one);
    void add_elsewhere(const FoundJob& one);
    void suggest(Backup backup, const FoundJob& one, const std::string& wanted_name,
                 std::vector<std::string> remarks);
    static void tell(SuggestedBackup& suggestion, const FoundJob& one);

    const Host& host_;
    const Topology& topology_;
    const Config& config_;
    Discovery& found_;
    std::set<std::string> names_;
};

bool Merger::is_configured(const FoundJob& one) const {
    return std::ranges::any_of(config_.backups, [&](const Backup& known) {
        if (!one.unit.empty() && known.unit == one.unit) return true;
        return known.kind == one.job.kind &&
               without_trailing_slashes(known.location) == one.job.location;
    });
}

void add_remark(SuggestedBackup& suggestion, const std::string& remark) {
    if (!contains(suggestion.remarks, remark)) suggestion.remarks.push_back(remark);
}

// Adds what the job says. Of several jobs that write to one place each must cross mounts.
void Merger::tell(SuggestedBackup& suggestion, const FoundJob& one) {
    Backup& backup = suggestion.backup;
    const bool first = backup.covers.empty();
    for (const std::string& path : one.job.covers)
        if (is_utf8(path) && !contains(backup.covers, path)) backup.covers.push_back(path);
    backup.crosses_mounts = one.job.crosses_mounts && (first || backup.crosses_mounts);
    if (backup.unit.empty()) backup.unit = one.unit;
    if (backup.log.empty() && one.job.log.starts_with('/') &&
        one.job.log != "/var/log/rsnapshot.log")
        backup.log = one.job.log;
    if (!one.job.covers.empty())
        add_remark(suggestion, fmt::format("What it covers is told by {}.", one.file));
    for (const std::string& remark : one.job.remarks) add_remark(suggestion, remark);
}

void Merger::suggest(Backup backup, const FoundJob& one, const std::string& wanted_name,
                     std::vector<std::string> remarks) {
    backup.name = unused_name(wanted_name.empty() ? one.job.tool : wanted_name, names_);
    remarks.emplace_back("max_age assumes one copy a day.");
    SuggestedBackup suggestion{std::move(backup), std::move(remarks)};
    tell(suggestion, one);
    found_.suggestions.push_back(std::move(suggestion));
}

void Merger::add_here(const FoundJob& one) {
    const auto known = std::ranges::find_if(found_.suggestions, [&](const SuggestedBackup& other) {
        return other.backup.kind == one.job.kind && other.backup.location == one.job.location;
    });
    if (known != found_.suggestions.end()) return tell(*known, one);
    const std::string& location = one.job.location;
    const bool local = is_local_path(host_, topology_, location);
    if (local && !host_.exists(location)) {
        found_.notes.push_back(fmt::format("{} writes to {}, which is not there ({}).",
                                           one.job.tool, location, one.file));
        return;
    }
    if (!is_utf8(location)) return;
    Backup backup;
    backup.kind = one.job.kind;
    backup.location = location;
    std::vector<std::string> remarks{
        fmt::format("{} writes to it, says {}.", one.job.tool, one.file)};
    if (!local) remarks.emplace_back("It is on a network filesystem, and was not looked at.");
    // A package's own configuration names a place before anybody makes a backup.
    const auto names = local ? host_.list(location) : Result<std::vector<std::string>>();
    if (local && names && names->empty()) remarks.emplace_back("It is empty: is it in use?");
    suggest(std::move(backup), one, name_of_directory(location), std::move(remarks));
}

// Of a place that is not on this host, or not told, only the job's unit can tell.
void Merger::add_elsewhere(const FoundJob& one) {
    const std::string place = one.job.location.empty() || !is_utf8(one.job.location)
                                  ? "a place that could not be told"
                                  : without_password(one.job.location);
    if (one.unit.empty()) {
        found_.notes.push_back(fmt::format(
            "{} in {} writes to {}, of which nothing is read here: let it touch a stamp file when "
            "it has succeeded.",
            one.job.tool, one.file, place));
        return;
    }
    const auto known = std::ranges::find_if(found_.suggestions, [&](const SuggestedBackup& other) {
        return other.backup.kind == BackupKind::systemd && other.backup.unit == one.unit;
    });
    if (known != found_.suggestions.end()) return tell(*known, one);
    Backup backup;
    backup.kind = BackupKind::systemd;
    backup.unit = one.unit;
    suggest(std::move(backup), one,
            plain_name(one.unit.substr(0, one.unit.size() - std::string_view(".service").size())),
            {fmt::format("{} writes to {}, of which nothing is read here: only how the job ended.",
                         one.job.tool, place)});
}

void Merger::add(const FoundJob& one) {
    if (!is_utf8(one.file) || is_configured(one)) return;
    if (one.job.location.starts_with('/'))
        add_here(one);
    else
        add_elsewhere(one);
}

}  // namespace

void add_jobs(const Host& host, const Topology& topology, const Config& config, Discovery& found) {
    Merger merger(host, topology, config, found);
    for (const FoundJob& one : find_jobs(host, topology, found.notes)) merger.add(one);
    std::ranges::stable_sort(found.suggestions, {}, [](const SuggestedBackup& one) {
        return std::pair(one.backup.location, one.backup.stanza);
    });
}

}  // namespace lastgood
