// Directories that must keep draining.
#include <fmt/core.h>

#include "core/metrics/spools.hpp"
#include "core/words.hpp"
#include "exporters/status/describe.hpp"

namespace lastgood {

namespace {

// ", 1000 allowed"
template <class Format>
std::string allowed(Description& spool, const Metric& limit, Format format) {
    const auto value = spool.take(limit);
    return value ? format(*value) + " allowed" : "";
}

void add_content(Description& spool) {
    const auto count = spool.take(metric::spool_count);
    const auto size = spool.take(metric::spool_size_bytes);
    const auto incomplete = spool.take(metric::spool_count_incomplete);
    const std::string bound = incomplete == 1 ? "at least " : "";
    const std::string most = allowed(spool, metric::spool_max_count, number_text);
    const std::string largest = allowed(spool, metric::spool_max_size_bytes, format_size);
    const std::string entries = !count       ? "not known"
                                : *count > 0 ? bound + counted(*count, "entry", "entries")
                                             : "none";
    if (count || !most.empty())
        spool.row("entries", sentence_of({entries, most}));
    else
        spool.unknown("entries", entries);
    spool.row("size", sentence_of({size ? bound + format_size(*size) : "", largest}));
    spool.row("counted", incomplete == 1   ? "not all of it: there may be more and older entries"
                         : incomplete == 0 ? "all of it"
                                           : "");
}

void add_flow(Description& spool) {
    const auto growth = spool.take(metric::spool_growth_per_minute);
    const auto drained = spool.take(metric::spool_drained_per_minute);
    const auto still = spool.take(metric::spool_still_since_timestamp_seconds);
    const auto empty_at = spool.take(metric::spool_empty_at_timestamp_seconds);
    const auto pause = spool.take(metric::spool_max_pause_seconds);
    const bool grows = growth && *growth > 0;
    spool.row("flow",
              sentence_of({growth ? fmt::format("{} by {} a minute", grows ? "grows" : "shrinks",
                                                number_text(grows ? *growth : -*growth))
                                  : "",
                           drained ? fmt::format("{} left a minute", number_text(*drained)) : "",
                           empty_at ? "at this pace it is empty " + spool.ago(*empty_at) : ""}));
    spool.row("last left",
              sentence_of({still ? "nothing has left since " + spool.ago(*still) : "",
                           pause ? "a pause of " + format_duration(*pause) + " is allowed" : ""}));
}

}  // namespace

void describe_spool(Description& spool) {
    spool.row("lies at", spool.take_label(metric::spool_info, "path"));
    const auto readable = spool.take(metric::spool_readable);
    const auto missing = spool.take(metric::spool_missing);
    spool.row("now", missing == 1    ? "there is NO such directory"
                     : readable == 0 ? "could NOT be read"
                     : readable == 1 ? "was counted at the last look"
                                     : "");
    add_content(spool);
    const auto oldest = spool.take(metric::spool_oldest_timestamp_seconds);
    spool.row("oldest",
              sentence_of({oldest ? "came " + spool.ago(*oldest) : "",
                           allowed(spool, metric::spool_max_age_seconds, format_duration)}));
    add_flow(spool);
}

}  // namespace lastgood
