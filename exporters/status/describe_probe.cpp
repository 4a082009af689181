// What is tried regularly.
#include <fmt/core.h>

#include "core/metrics/probes.hpp"
#include "core/words.hpp"
#include "exporters/status/describe.hpp"

namespace lastgood {

namespace {

void add_times(Description& probe) {
    const auto last = probe.take(metric::probe_last_seconds);
    const auto slow = probe.take(metric::probe_slow_seconds);
    const std::string usual = probe.take_label(metric::probe_usual_seconds, "usual");
    const bool has_usual = probe.take(metric::probe_usual_seconds).has_value();
    const auto limit = probe.take(metric::probe_max_time_seconds);
    probe.row("takes",
              sentence_of({last ? format_short_time(*last) : "",
                           !usual.empty() ? "usually " + usual
                           : has_usual    ? "what is usual is known"
                                          : "",
                           slow ? "the slow ones of the last four " + format_short_time(*slow) : "",
                           limit ? format_short_time(*limit) + " allowed" : ""}));
}

}  // namespace

void describe_probe(Description& probe) {
    probe.row("what", probe.take_label(metric::probe_info, "title"));
    probe.row("made by", probe.take_label(metric::probe_info, "service"));
    probe.take_label(metric::probe_info, "kind");
    probe.take_label(metric::probe_info, "target");
    const auto reported = probe.take(metric::probe_reported);
    const auto idle = probe.take(metric::probe_idle);
    const auto asked = probe.take(metric::probe_asked_timestamp_seconds);
    const auto waiting = probe.take(metric::probe_waiting_since_timestamp_seconds);
    const auto deadline = probe.take(metric::probe_deadline_seconds);
    probe.row("now", sentence_of({reported == 0   ? "its service does NOT tell of it"
                                  : reported == 1 ? "its service tells of it"
                                                  : "",
                                  idle == 1   ? "not made, because nothing else is written there"
                                  : idle == 0 ? "made at the last time"
                                              : "",
                                  waiting ? "an attempt began " + probe.ago(*waiting) : ""}));
    probe.row("last", sentence_of({asked ? probe.ago(*asked) : "",
                                   deadline ? "ended after " + format_duration(*deadline) : ""}));
    add_times(probe);
    const std::string why = probe.take_label(metric::probe_failures, "why");
    const std::string says = probe.take_label(metric::probe_failures, "says");
    if (const auto failures = probe.take(metric::probe_failures))
        probe.row("failed", fmt::format("{}: {}{}", counted(*failures, "time", "times in a row"),
                                        why.empty() ? "the reason is not known" : why,
                                        says.empty() ? "" : ": " + says));
    double attempts = 0;
    for (const Observation* one : probe.take_all(metric::probe_attempts_total))
        attempts = std::max(attempts, one->value);
    const auto seconds = probe.take(metric::probe_attempt_seconds_total);
    probe.row("attempts",
              sentence_of({attempts > 0 ? counted(attempts, "has ended", "have ended") : "",
                           seconds && attempts > 0
                               ? "on average in " + format_short_time(*seconds / attempts)
                           : seconds ? "together " + format_short_time(*seconds)
                                     : ""}));
}

}  // namespace lastgood
