// The report as Prometheus metrics. Nothing here makes a collector run: a scrape reads the report
// that there is.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "core/report.hpp"

namespace lastgood {

// A report older than this is not shown as today's: only its timestamp remains.
inline constexpr Seconds report_freshness = 120;

// Whether a report written at `written_at` may be shown as the state of now. One from the future is
// as wrong as an old one: after the clock was set back, a dead agent's report would otherwise look
// fresh until the clock catches up.
bool is_fresh(Timestamp written_at, Timestamp now);

// Calls `take` with one family after the other, so that not all of them need to be in memory at
// once. With `fresh` false the only one is lastgood_report_timestamp_seconds: what the agent-absent
// and report-stale alerts compare with the clock.
void for_each_family(const Report& report, bool fresh,
                     const std::function<void(prometheus::MetricFamily&&)>& take);

// The text format, version 0.0.4.
std::string to_exposition(const Report& report, bool fresh);

// The metrics of the report at `path`; none while there is no readable report.
class ReportCollectable : public prometheus::Collectable {
  public:
    ReportCollectable(std::string path, std::function<Timestamp()> now)
        : path_(std::move(path)), now_(std::move(now)) {}
    std::vector<prometheus::MetricFamily> Collect() const override;

  private:
    std::string path_;
    std::function<Timestamp()> now_;
};

// The same as text, kept until the file changes (device, inode, size, modification time). Safe to
// use from several threads.
class ExpositionCache {
  public:
    ExpositionCache(std::string path, std::function<Timestamp()> now)
        : path_(std::move(path)), now_(std::move(now)) {}

    struct Answer {
        std::string text;      // exposition; a comment that says why when there is no report
        bool healthy = false;  // the report is there and fresh
        std::string why;       // for people; says the report's age when healthy
    };
    Answer metrics();
    Answer health();  // without the text

  private:
    struct Identity {
        uint64_t device = 0, inode = 0, size = 0;
        int64_t seconds = 0, nanoseconds = 0;
        bool operator==(const Identity&) const = default;
    };
    void refresh();
    Answer answer(bool with_text);

    std::string path_;
    std::function<Timestamp()> now_;
    std::mutex mutex_;
    Identity identity_;
    bool read_ = false;  // a report is in text_
    bool parsed_once_ = false;
    std::string problem_;  // why it is not
    Timestamp written_at_ = 0;
    std::string text_;
};

}  // namespace lastgood
