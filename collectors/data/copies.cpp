#include "collectors/data/copies.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "core/ephemeral.hpp"
#include "core/judgement.hpp"
#include "core/metrics/backup_jobs.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/data.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/metrics/host.hpp"

namespace lastgood {

namespace {

constexpr std::array<std::string_view, 6> domains = {
    "same-filesystem", "same-drive", "same-host", "off-host", "unknown", ephemeral_domain};
using Counts = std::map<std::string_view, double>;  // by domain

constexpr int most_hops = 20;  // in a row; the configuration has no circle

enum class Fresh { yes, no, unknown };

// Of a copy that is not too old.
Fresh is_all_there(const Subject& backup) {
    if (backup.value(metric::backup_missing_streams) > 0) return Fresh::no;
    const bool has_streams = backup.value(metric::backup_streams) >= 1;  // each has a size
    const auto size = has_streams ? std::nullopt : backup.value(metric::backup_size_bytes);
    const bool shrunk = size && *size < backup.value(metric::backup_shrunk_size_bytes);
    return shrunk || backup.value(metric::backup_job_partly) == 1 ? Fresh::unknown : Fresh::yes;
}

Fresh is_fresh(const Subject& backup, Timestamp now) {
    switch (copy_state(backup, now)) {
        case CopyState::fresh:
            return is_all_there(backup);
        case CopyState::stale:
        case CopyState::never:
        case CopyState::gone:
        case CopyState::incomplete:
        case CopyState::too_small:
            return Fresh::no;
        case CopyState::from_future:
        case CopyState::unreadable:
        case CopyState::unproven:
        case CopyState::unknown_size:
        case CopyState::no_limit:
        case CopyState::unknown:
            break;
    }
    return Fresh::unknown;
}

Fresh both(Fresh a, Fresh b) {
    if (a == Fresh::no || b == Fresh::no) return Fresh::no;
    return a == Fresh::unknown ? a : b;
}

bool is_known_domain(std::string_view domain) {
    return std::ranges::find(domains, domain) != domains.end();
}

class Copies {
  public:
    explicit Copies(const Knowledge& knowledge) : now_(knowledge.now) {
        for (const Observation& one : knowledge.observations) {
            if (one.metric->subject == SubjectKind::backup)
                backups_[one.subject].observations.push_back(&one);
            if (one.metric == &metric::data_info)
                data_[one.subject].filesystem = one.label("filesystem");
            if (one.metric == &metric::backup_drive || one.metric == &metric::filesystem_drive)
                drives_[{one.metric->subject, one.subject}].insert(one.label("drive"));
        }
        for (const Observation& one : knowledge.observations)
            if (one.metric == &metric::data_backup) add(one);
    }

    void observe(Sink& sink) const {
        for (const auto& [data, one] : data_) {
            for (const std::string_view domain : domains)
                sink.observe(metric::data_copies, std::string(data), count_in(one.copies, domain),
                             now_, {{"domain", std::string(domain)}});
            observe_drives(std::string(data), one, sink);
        }
        for (const auto& [backup, data] : has_)
            if (std::ranges::any_of(data, [&](std::string_view one) { return on_one_drive(one); }))
                sink.observe(metric::backup_told_by_data, std::string(backup), 1, now_);
    }

    void observe_host(Sink& sink) const {
        Counts counts;
        for (const auto& [name, backup] : backups_) {
            if (name.find('/') != name.npos) continue;  // a stream of another one
            const std::string_view domain = domain_of(backup);
            const bool leaves = domain == "off-host";
            const Fresh state = leaves ? fresh(name) : Fresh::yes;
            if (state == Fresh::no) continue;
            const bool known = state == Fresh::yes && is_known_domain(domain);
            ++counts[known ? domain : "unknown"];
        }
        if (counts.empty()) return;
        for (const std::string_view domain : domains)
            if (domain != ephemeral_domain)
                sink.observe(metric::backups, "", count_in(counts, domain), now_,
                             {{"domain", std::string(domain)}});
    }

  private:
    // Against what it covers; of one that covers nothing that is named, against the host.
    static std::string_view domain_of(const Subject& backup) {
        if (backup.first(metric::backup_failure_domain) != nullptr)
            return backup.label(metric::backup_failure_domain, "domain");
        const auto on_host = backup.value(metric::backup_on_host);
        return !on_host ? "unknown" : *on_host == 1 ? "same-host" : "off-host";
    }

    using Drives = std::set<std::string_view>;
    struct Data {
        std::string_view filesystem;  // that it lies on
        Counts copies;
        Drives drives;         // of its copies on this host
        bool complete = true;  // false: a copy may lie on further drives
    };

    void observe_drives(const std::string& id, const Data& data, Sink& sink) const {
        const auto own = drives_.find({SubjectKind::filesystem, data.filesystem});
        if (own == drives_.end() || data.copies.empty()) return;
        Drives all = own->second;
        all.insert(data.drives.begin(), data.drives.end());
        sink.observe(metric::data_drives, id, static_cast<double>(all.size()), now_);
        sink.observe(metric::data_drives_incomplete, id, data.complete ? 0 : 1, now_);
    }

    static double count_in(const Counts& counts, std::string_view domain) {
        const auto found = counts.find(domain);
        return found == counts.end() ? 0 : found->second;
    }

    // Of a backup and of its original, if it is a copy of one: a fresh copy of what is late or
    // broken is no good copy.
    Fresh fresh(std::string_view name) const {
        Fresh state = Fresh::yes;
        for (int hops = 0; !name.empty() && hops < most_hops; ++hops) {
            state = both(state, fresh_itself(name));
            const auto found = backups_.find(name);
            name = found == backups_.end()
                       ? std::string_view()
                       : found->second.label(metric::backup_copy_of, "original");
        }
        return state;
    }

    // The worst of its streams, if it has some.
    Fresh fresh_itself(std::string_view name) const {
        const auto found = backups_.find(name);
        if (found == backups_.end()) return Fresh::unknown;
        int missing = static_cast<int>(found->second.value(metric::backup_streams).value_or(0));
        if (missing < 1) return is_fresh(found->second, now_);
        Fresh all = is_all_there(found->second);
        const std::string prefix = std::string(name) + "/";
        for (auto one = backups_.lower_bound(prefix);
             one != backups_.end() && one->first.starts_with(prefix); ++one) {
            all = both(all, is_fresh(one->second, now_));
            --missing;
        }
        return missing > 0 ? both(all, Fresh::unknown) : all;
    }

    void add(const Observation& one) {
        const std::string_view backup = one.label("backup"), via = one.label("via");
        if (!one.label("part").empty()) return;
        Fresh state = fresh(backup);
        if (!via.empty()) state = both(state, fresh(via));
        if (state == Fresh::no) return;
        const std::string_view domain = one.label("domain");
        // No second copy, fresh or not.
        const bool lost = domain == ephemeral_domain;
        const bool known = (state == Fresh::yes || lost) && is_known_domain(domain);
        Data& data = data_[one.subject];
        ++data.copies[known ? domain : "unknown"];
        if (via.empty()) has_[backup].push_back(one.subject);
        if (!known || domain == "unknown")
            data.complete = false;
        else if (domain.starts_with("same-"))
            add_drives(backup, data);
    }

    void add_drives(std::string_view backup, Data& data) const {
        auto found = drives_.find({SubjectKind::backup, backup});
        if (found == drives_.end())  // a stream lies where its whole does
            found = drives_.find({SubjectKind::backup, backup.substr(0, backup.find('/'))});
        if (found == drives_.end())
            data.complete = false;
        else
            data.drives.insert(found->second.begin(), found->second.end());
    }

    bool on_one_drive(std::string_view data) const {
        const Counts& counts = data_.at(data).copies;
        return count_in(counts, "same-filesystem") + count_in(counts, "same-drive") > 0 &&
               count_in(counts, "same-host") + count_in(counts, "off-host") +
                       count_in(counts, "unknown") ==
                   0;
    }

    Timestamp now_;
    std::map<std::string_view, Subject> backups_;
    std::map<std::string_view, Data> data_;  // by id
    std::map<std::pair<SubjectKind, std::string_view>, Drives> drives_;
    std::map<std::string_view, std::vector<std::string_view>> has_;  // by backup: data
};

}  // namespace

void derive_copies(const Knowledge& knowledge, Sink& sink) {
    const Copies copies(knowledge);
    copies.observe(sink);
    copies.observe_host(sink);
}

}  // namespace lastgood
