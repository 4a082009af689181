#include "collectors/data/copies.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "core/ephemeral.hpp"
#include "core/good_copies.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/data.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/metrics/host.hpp"

namespace lastgood {

namespace {

constexpr std::array<std::string_view, 6> domains = {
    "same-filesystem", "same-drive", "same-host", "off-host", "unknown", ephemeral_domain};
using Counts = std::map<std::string_view, double>;  // by domain

using Good = GoodCopies::Good;

bool is_known_domain(std::string_view domain) {
    return std::ranges::find(domains, domain) != domains.end();
}

class Copies {
  public:
    explicit Copies(const Knowledge& knowledge)
        : now_(knowledge.now), good_(knowledge.observations, now_) {
        for (const Observation& one : knowledge.observations) {
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
        for (const auto& [name, backup] : good_.backups()) {
            if (name.find('/') != name.npos) continue;  // a stream of another one
            const std::string_view domain = domain_of(backup);
            const bool leaves = domain == "off-host";
            const Good state = leaves ? good_.with_originals(name) : Good::yes;
            if (state == Good::no) continue;
            const bool known = state == Good::yes && is_known_domain(domain);
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

    void add(const Observation& one) {
        const std::string_view backup = one.label("backup"), via = one.label("via");
        if (!one.label("part").empty()) return;
        Good state = good_.with_originals(backup);
        if (!via.empty()) state = both(state, good_.with_originals(via));
        if (state == Good::no) return;
        const std::string_view domain = one.label("domain");
        // No second copy, fresh or not.
        const bool lost = domain == ephemeral_domain;
        const bool known = (state == Good::yes || lost) && is_known_domain(domain);
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
    GoodCopies good_;
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
