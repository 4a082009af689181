#include "collectors/backups/missed.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "collectors/backups/hops.hpp"
#include "core/backup_plan.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/host.hpp"

namespace lastgood {

namespace {

// What was observed of a backup or of a stream.
struct Expected {
    std::optional<Timestamp> due, newest;  // newest: proven
    std::optional<double> night;
    Timestamp paused_until = 0;
    bool readable = false;
    bool has_streams = false;
};

void note(Expected& one, const Observation& told) {
    const Metric* metric = told.metric;
    if (metric == &metric::backup_due_timestamp_seconds)
        one.due = told.value;
    else if (metric == &metric::backup_due_night)
        one.night = told.value;
    else if (metric == &metric::backup_newest_timestamp_seconds &&
             told.label("confidence") != "activity")
        one.newest = std::max(one.newest.value_or(told.value), told.value);
    else if (metric == &metric::backup_paused_until_timestamp_seconds)
        one.paused_until = told.value;
    else if (metric == &metric::backup_readable)
        one.readable = told.value == 1;
    else if (metric == &metric::backup_streams)
        one.has_streams = told.value >= 1;
}

// One without any copy is told by itself: nobody knows since when it should have had one.
bool has_missed(const Expected& one) {
    return one.due && one.night && one.newest && one.readable && !one.has_streams &&
           *one.newest < *one.due - slot_slack;
}

std::string name_of_night(double day) {
    constexpr int weekday_of_1970 = 4;  // a Thursday
    std::string name(weekday_names[static_cast<size_t>((static_cast<long>(day) + weekday_of_1970) %
                                                       static_cast<long>(weekday_names.size()))]);
    name[0] = static_cast<char>(name[0] - 'a' + 'A');
    return name + " " + format_time(day * 86400).substr(0, 10);
}

}  // namespace

void derive_missed_nights(const Knowledge& knowledge, Sink& sink) {
    std::map<std::string, Expected> backups;
    std::set<std::string_view> copies;
    for (const Observation& one : knowledge.observations) {
        if (one.metric->subject != SubjectKind::backup) continue;
        note(backups[one.subject], one);
        if (one.metric == &metric::backup_copy_of) copies.insert(whole_of(one.subject));
    }
    std::map<double, std::set<std::string_view>> missed;  // by night
    for (const auto& [subject, one] : backups) {
        const auto whole = backups.find(std::string(whole_of(subject)));
        if (copies.contains(whole_of(subject))) continue;
        if (whole != backups.end() && whole->second.paused_until > knowledge.now) continue;
        if (has_missed(one)) missed[*one.night].insert(whole_of(subject));
    }
    std::pair<size_t, double> most{0, 0};
    for (const auto& [night, names] : missed) most = std::max(most, std::pair(names.size(), night));
    if (most.first > 0)
        sink.observe(metric::backups_missed, "", static_cast<double>(most.first), knowledge.now,
                     {{"night", name_of_night(most.second)}});
}

}  // namespace lastgood
