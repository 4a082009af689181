// How quick a drive is, in words.
#include <fmt/core.h>

#include <array>

#include "core/metrics/latency.hpp"
#include "exporters/status/describe.hpp"

namespace lastgood {

namespace {

using Rows = std::vector<std::vector<Cell>>;

// "0.12 ms", "61 ms", "7.1 s"
std::string latency_text(Seconds latency) {
    if (latency >= 1) return fmt::format("{:.1f} s", latency);
    const double milliseconds = latency * 1000;
    return fmt::format("{:.{}f} ms", milliseconds,
                       milliseconds >= 10  ? 0
                       : milliseconds >= 1 ? 1
                                           : 2);
}

std::string plural(std::string_view operation) {
    if (operation == "flush") return "flushes";
    return harmless(operation) + "s";
}

// The observation with these labels, noted as shown. nullptr: none.
const Observation* take(Description& drive, const Metric& metric,
                        const std::array<std::string_view, 4>& labels) {
    for (const Observation* one : drive.subject().observations) {
        if (one->metric != &metric || one->label(labels[0]) != labels[1] ||
            one->label(labels[2]) != labels[3])
            continue;
        drive.take(*one);
        return one;
    }
    return nullptr;
}

std::string pace_text(Description& drive) {
    std::string pace = drive.take_label(metric::drive_pace, "pace");
    const std::string reason = drive.take_label(metric::drive_pace, "reason");
    std::string text;
    for (const Observation* slow : drive.take_all(metric::drive_slow_ratio))
        text =
            fmt::format("{}: {} take {} times as long as {}",
                        pace == "slow" ? "SLOW" : "slower lately", plural(slow->label("operation")),
                        number_text(slow->value), harmless(slow->label("against")));
    if (!text.empty()) return text;
    if (pace == "usual") return "as usual, beside its siblings or its own past";
    if (pace == "not_judged") return "not judged: " + (reason.empty() ? "reason unknown" : reason);
    return pace;
}

// The newest minute that was judged: "reads 61 ms (usual 11 ms)".
std::string judged_text(Description& drive) {
    std::vector<std::string> parts;
    for (const std::string_view operation : {"read", "write"}) {
        const auto of = [&](std::string_view whose) {
            return take(drive, metric::drive_judged_latency_seconds,
                        {"operation", operation, "of", whose});
        };
        const Observation *own = of("drive"), *usual = of("usual");
        if (own == nullptr || usual == nullptr) continue;
        parts.push_back(fmt::format("{} {} (usual {})", plural(operation), latency_text(own->value),
                                    latency_text(usual->value)));
    }
    return sentence_of(parts);
}

std::string load_text(Description& drive) {
    const auto busy = drive.take(metric::drive_io_busy_ratio);
    const auto queue = drive.take(metric::drive_io_queue_requests);
    std::vector<std::string> parts{busy ? "busy for " + percent_text(*busy) + " of the time" : "",
                                   queue ? fmt::format("{:.1f} requests at once", *queue) : ""};
    for (const Observation* waiting : drive.take_all(metric::drive_io_waiting_seconds))
        if (waiting->value > 0)
            parts.push_back(fmt::format("a {} waits for {}", harmless(waiting->label("operation")),
                                        format_duration(waiting->value)));
    for (const Observation* slow : drive.take_all(metric::drive_slow_write_seconds))
        if (slow->value > 0)
            parts.push_back(fmt::format("each write takes {}", latency_text(slow->value)));
    return sentence_of(parts);
}

}  // namespace

void describe_speed(Description& drive) {
    drive.row("pace", pace_text(drive));
    drive.row("last minute", judged_text(drive));
    drive.row("load", load_text(drive));
    const auto right = [](std::string text) { return Cell{std::move(text), Colour::none, true}; };
    Rows rows{{{"requests of 5 to 10 min", Colour::bold},
               right("half below"),
               right("90% below"),
               right("99% below")}};
    for (const std::string_view operation : {"read", "write", "discard", "flush"}) {
        std::vector<Cell> row{{plural(operation)}};
        for (const std::string_view percentile : {"50", "90", "99"}) {
            const Observation* one = take(drive, metric::drive_io_latency_seconds,
                                          {"operation", operation, "percentile", percentile});
            row.push_back(right(one != nullptr ? latency_text(one->value) : ""));
        }
        if (!row.back().text.empty()) rows.push_back(std::move(row));
    }
    drive.table(rows, {{2, Fit::below}});
}

}  // namespace lastgood
