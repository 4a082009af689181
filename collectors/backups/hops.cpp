#include "collectors/backups/hops.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "core/backup_plan.hpp"
#include "core/metrics/backups.hpp"

namespace lastgood {

namespace {

class Hops {
  public:
    Hops(KnownBackups& backups, Timestamp now, Sink& sink)
        : backups_(backups), now_(now), sink_(sink) {}

    void derive() {
        for (auto& [subject, known] : backups_) {
            if (known.copy_of.empty()) continue;
            settle_newest(subject, known, most_hops);
            observe_lag(subject, known);
            observe_missing_streams(subject, known);
        }
    }

  private:
    // The stream of the same name, else the whole; nullptr: nothing is known of it.
    KnownBackup* original_of(std::string_view subject, const KnownBackup& hop) {
        const std::string_view whole = whole_of(subject);
        if (whole != subject) {
            const std::string stream =
                std::string(hop.copy_of).append(subject.substr(whole.size()));
            if (const auto found = backups_.find(stream); found != backups_.end())
                return &found->second;
        }
        const auto found = backups_.find(hop.copy_of);
        return found == backups_.end() ? nullptr : &found->second;
    }

    // The original first, which may be a hop, too.
    void settle_newest(std::string_view subject, KnownBackup& hop, int hops_left) {
        if (!hop.arrived || hop.newest || hops_left == 0) return;
        KnownBackup* original = original_of(subject, hop);
        if (original == nullptr) return;
        settle_newest(std::string(hop.copy_of), *original, hops_left - 1);
        if (!original->newest) return;
        hop.newest = std::min(hop.arrived->value, *original->newest);
        sink_.observe(metric::backup_newest_timestamp_seconds, subject, *hop.newest,
                      hop.arrived->observed_at,
                      {{"confidence", std::string(hop.arrived->label("confidence"))}});
    }

    void observe_lag(std::string_view subject, const KnownBackup& hop) {
        const KnownBackup* original = original_of(subject, hop);
        if (original == nullptr || !original->newest || !hop.newest) return;
        Seconds lag = std::max(*original->newest - *hop.newest, 0.0);
        // Streams that are not told apart here: the whole is as old as its oldest stream, and the
        // sync may have stopped before the newest.
        if (original->has_streams && !hop.has_streams)
            lag = std::max(
                lag, newest_stream(hop.copy_of) - (hop.arrived ? hop.arrived->value : *hop.newest));
        sink_.observe(metric::backup_lag_seconds, subject, lag, now_);
        const bool blameless =
            original->readable && is_late(*original, now_) && hop.max_lag && lag <= *hop.max_lag;
        sink_.observe(metric::backup_original_late, subject, blameless ? 1 : 0, now_);
    }

    Timestamp newest_stream(std::string_view whole) const {
        const std::string prefix = std::string(whole) + "/";
        Timestamp newest = 0;
        for (auto one = backups_.lower_bound(prefix);
             one != backups_.end() && one->first.starts_with(prefix); ++one)
            newest = std::max(newest, one->second.newest.value_or(0));
        return newest;
    }

    void observe_missing_streams(std::string_view subject, const KnownBackup& hop) {
        const auto original = backups_.find(hop.copy_of);
        if (!hop.has_streams || !hop.readable || !hop.max_lag || original == backups_.end() ||
            !original->second.has_streams)
            return;
        double missing = 0;
        const std::string prefix = std::string(hop.copy_of) + "/";
        for (auto one = backups_.lower_bound(prefix);
             one != backups_.end() && one->first.starts_with(prefix); ++one) {
            const auto& oldest = one->second.oldest;
            const std::string here =
                std::string(subject) + "/" + std::string(one->first.substr(prefix.size()));
            if (oldest && now_ - *oldest > *hop.max_lag && !backups_.contains(here)) ++missing;
        }
        sink_.observe(metric::backup_missing_streams, subject, missing, now_);
    }

    KnownBackups& backups_;
    Timestamp now_;
    Sink& sink_;
};

}  // namespace

void derive_hops(KnownBackups& backups, Timestamp now, Sink& sink) {
    Hops(backups, now, sink).derive();
}

}  // namespace lastgood
