// The report as Prometheus metrics. A scrape never starts a collector; it reads the last report.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "core/report.hpp"

namespace lastgood {

// Whether a report written at `written_at` describes the present state. A report from the future is
// not fresh either: after the clock was set back, the report of a dead agent would otherwise look
// fresh until the clock catches up.
bool is_fresh(Timestamp written_at, Timestamp now);

// The report in Prometheus' text format, version 0.0.4, with the judgement of each subject at the
// time of the report. If `fresh` is false, the only family is
// lastgood_report_timestamp_seconds, which the alerts on a stopped agent compare with the clock.
// Values that are not finite are left out.
std::string to_exposition(const Report& report, bool fresh);

// The metrics of the report at `path` as text. The text is kept until the file changes (device,
// inode, size or modification time). Safe to use from several threads; one waits while another
// reads the report.
class ExpositionCache {
  public:
    ExpositionCache(std::string path, std::function<Timestamp()> now)
        : path_(std::move(path)), now_(std::move(now)) {}

    struct Answer {
        std::string text;      // exposition; without a report a comment with the reason
        bool healthy = false;  // the report is readable and fresh
        std::string why;       // for people: the report's age, or what is wrong with it
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
    bool read_ = false;         // text_ holds a report
    bool parsed_once_ = false;  // identity_ is of a file that was read
    std::string problem_;       // why text_ holds no report
    Timestamp written_at_ = 0;
    std::string text_;
};

}  // namespace lastgood
