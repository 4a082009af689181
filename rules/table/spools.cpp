#include "core/metrics/spools.hpp"

#include "rules/table/table.hpp"

namespace lastgood::table {

namespace {

constexpr std::string_view first_steps =
    "See whether the program that empties it runs, and what it logs.\n"
    "See what lies there: lastgood status {id}\n"
    "Watch the space of its filesystem.\n"
    "If its reader comes only now and then, set max_pause of its [[spool]] in {config}.";

Rule over_limit(std::string_view name, Condition over, std::string_view summary) {
    return Rule{
        .name = name,
        .severity = Severity::warning,
        .subject = SubjectKind::spool,
        .all_of = {std::move(over)},
        .summary = summary,
        .advice =
            "See whether it still drains: lastgood status {id}\n"
            "See what the program that empties it logs.\n"
            "If so much is usual, raise the limit of its [[spool]] in {config}.",
        .why = "The limit is the one of its [[spool]] in the configuration.",
    };
}

std::vector<Rule> flow_rules() {
    const auto still = older_than_other(metric::spool_still_since_timestamp_seconds,
                                        metric::spool_max_pause_seconds);
    const auto grows = at_least(metric::spool_growth_per_minute, 1);
    return {
        Rule{
            .name = "spool_not_draining",
            .severity = Severity::critical,
            .subject = SubjectKind::spool,
            .all_of = {grows, still},
            .summary = "Nothing leaves spool {subject}; it grows by {value:entry|entries} a "
                       "minute.",
            .advice = first_steps,
            .why = "Two weeks of records once piled up unsent. Not one entry of a sample has left "
                   "since max_pause, three minutes if nothing is set, and more come. Nothing of it "
                   "is lost yet.",
        },
        Rule{
            .name = "spool_standing_still",
            .severity = Severity::warning,
            .subject = SubjectKind::spool,
            .all_of = {still, unless(grows)},
            .hold = 2 * minute,
            .summary = "Nothing has left spool {subject} for {value:duration}.",
            .advice = first_steps,
            .why = "Something lies there, and its reader takes nothing. With max_pause one says "
                   "how long that may be.",
        },
        Rule{
            .name = "spool_falling_behind",
            .severity = Severity::warning,
            .subject = SubjectKind::spool,
            .all_of = {grows, older_than(metric::spool_oldest_timestamp_seconds, hour / 2),
                       unless(still)},
            .hold = hour / 2,
            .summary = "Spool {subject} drains too slowly: it grows by {value:entry|entries} a "
                       "minute.",
            .advice = first_steps,
            .why = "For half an hour more has come than left, and the oldest entry has lain there "
                   "as long: what comes at night and is gone in the morning is no trouble.",
        },
    };
}

std::vector<Rule> limit_rules() {
    return {
        over_limit(
            "spool_too_old",
            older_than_other(metric::spool_oldest_timestamp_seconds, metric::spool_max_age_seconds),
            "The oldest entry of spool {subject} is {value:duration} old."),
        over_limit("spool_too_many", above_other(metric::spool_count, metric::spool_max_count),
                   "{value:entry|entries} lie in spool {subject}: more than its limit."),
        over_limit("spool_too_large",
                   above_other(metric::spool_size_bytes, metric::spool_max_size_bytes),
                   "{value:size} lie in spool {subject}: more than its limit."),
    };
}

std::vector<Rule> unread_rules() {
    return {
        Rule{
            .name = "spool_missing",
            .severity = Severity::warning,
            .subject = SubjectKind::spool,
            .all_of = {is(metric::spool_missing, 1)},
            .hold = minute,
            .summary = "Spool {subject} does not exist: nothing can be put there.",
            .advice = "See whether it was moved, or is not mounted: findmnt\n"
                      "Correct the path of its [[spool]] in {config}.\n"
                      "Apply it: {reload}",
            .why = "There is no such directory. That is not an empty spool: whoever writes there "
                   "fails.",
        },
        Rule{
            .name = "spool_unreadable",
            .severity = Severity::unknown,
            .subject = SubjectKind::spool,
            .all_of = {is(metric::spool_readable, 0), unless(is(metric::spool_missing, 1))},
            .hold = minute,
            .summary = "Spool {subject} cannot be read: cannot tell whether it drains.",
            .advice = "See why: lastgood status {id}\n"
                      "See whether its filesystem answers: lastgood status",
            .why = "What hangs or may not be read is not empty.",
        },
        Rule{
            .name = "spool_not_counted",
            .severity = Severity::unknown,
            .subject = SubjectKind::spool,
            .all_of = {is(metric::spool_count_incomplete, 1), is(metric::spool_readable, 1)},
            .hold = 10 * minute,
            .summary = "Not all of spool {subject} can be looked at: its figures are lower bounds.",
            .advice = "See why: lastgood status {id}\n"
                      "If it has too many entries, see whether it drains.",
            .why = "A look takes 20 s at most. What was not looked at may be older and more.",
        },
    };
}

}  // namespace

std::vector<Rule> spool_rules() {
    std::vector<Rule> all;
    for (const auto& some : {flow_rules(), limit_rules(), unread_rules()})
        all.insert(all.end(), some.begin(), some.end());
    return all;
}

}  // namespace lastgood::table
