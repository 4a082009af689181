#include "collectors/backups/parse/rsnapshot_log.hpp"

#include <algorithm>
#include <ctime>
#include <optional>
#include <utility>

#include "collectors/backups/parse/name_time.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t most_runs = 10'000;

// 1.4 writes 2026-11-26T12:09:40, 1.3 wrote 26/Nov/2026:12:09:40; both are local.
std::optional<Timestamp> parse_time(std::string_view text) {
    auto time = find_time_by_pattern(text, "%Y-%m-%dT%H:%M:%S");
    if (!time) time = find_time_by_pattern(text, "%d/%b/%Y:%H:%M:%S");
    if (!time) return std::nullopt;
    return time->time;
}

bool have_one_name(Timestamp one, Timestamp other) {
    const auto first = static_cast<time_t>(one), second = static_cast<time_t>(other);
    tm a{}, b{};
    return ::localtime_r(&first, &a) != nullptr && ::localtime_r(&second, &b) != nullptr &&
           a.tm_mday == b.tm_mday && a.tm_hour == b.tm_hour && a.tm_min == b.tm_min;
}

// Of a time that came twice, the first.
Timestamp earlier(Timestamp time) {
    const Timestamp before = time - rsnapshot_clock_change;
    return have_one_name(time, before) ? before : time;
}

bool comes_twice(Timestamp first) {
    return have_one_name(first, first + rsnapshot_clock_change);
}

struct LogLine {
    std::string_view time;  // "2026-11-26T12:09:40"
    std::string_view text;  // without WARNING: and ERROR:
    bool is_warning = false, is_error = false;
};

// "[TIME] TEXT", "[TIME] WARNING: TEXT", "[TIME] /usr/bin/rsnapshot alpha: ERROR: TEXT".
std::optional<LogLine> parse_line(std::string_view line) {
    if (!line.starts_with('[')) return std::nullopt;
    const size_t end = line.find("] ");
    if (end == line.npos) return std::nullopt;
    LogLine result;
    result.time = line.substr(1, end - 1);
    result.text = line.substr(end + 2);
    if (result.text.starts_with("WARNING: ")) {
        result.is_warning = true;
        result.text.remove_prefix(9);
    }
    return result;
}

// "alpha" of "/usr/bin/rsnapshot -c /etc/x.conf alpha".
std::string_view level_of(std::string_view command) {
    return command.substr(command.rfind(' ') + 1);
}

// Warnings that leave the new copy whole.
bool is_harmless(std::string_view warning) {
    return contains(warning, " vanished during ") ||
           contains(warning, "rsync_cleanup_after_native_cp_al") || contains(warning, "lockfile");
}

class LogReader {
  public:
    void read(const LogLine& line);
    std::vector<RsnapshotRun> take() { return std::move(runs_); }

  private:
    std::optional<Timestamp> time_of(const LogLine& line);
    RsnapshotRun* open_run(std::string_view command);
    RsnapshotRun* newest_open();
    void start(const LogLine& line, std::string_view command);
    void end(const LogLine& line, std::string_view command, RsnapshotEnd how);
    void error(const LogLine& line, std::string_view command, std::string_view text);
    void command(std::string_view text);

    std::vector<RsnapshotRun> runs_;
    Timestamp last_ = 0;  // of the lines before
};

// Lines follow each other: one that seems to go back in an hour that came twice is of the second.
std::optional<Timestamp> LogReader::time_of(const LogLine& line) {
    auto time = parse_time(line.time);
    if (!time) return time;
    time = earlier(*time);
    if (*time < last_ && comes_twice(*time)) *time += rsnapshot_clock_change;
    return last_ = *time;
}

RsnapshotRun* LogReader::open_run(std::string_view command) {
    for (size_t i = runs_.size(); i > 0; --i) {
        RsnapshotRun& run = runs_[i - 1];
        if (run.refused || run.level != level_of(command)) continue;
        return run.end == RsnapshotEnd::none ? &run : nullptr;
    }
    return nullptr;
}

RsnapshotRun* LogReader::newest_open() {
    if (runs_.empty() || runs_.back().end != RsnapshotEnd::none) return nullptr;
    return &runs_.back();
}

void LogReader::start(const LogLine& line, std::string_view command) {
    const auto time = time_of(line);
    if (!time) return;
    if (runs_.size() >= 2 * most_runs)
        runs_.erase(runs_.begin(), runs_.begin() + static_cast<ptrdiff_t>(most_runs));
    RsnapshotRun run;
    run.level = level_of(command);
    run.started = *time;
    run.may_be_later = comes_twice(*time);
    runs_.push_back(std::move(run));
}

void LogReader::end(const LogLine& line, std::string_view command, RsnapshotEnd how) {
    const auto time = time_of(line);
    RsnapshotRun* run = open_run(command);
    if (run == nullptr || !time) return;
    run->end = how;
    run->ended = *time;
}

// An error before "started" is a configuration that rsnapshot refused.
void LogReader::error(const LogLine& line, std::string_view command, std::string_view text) {
    RsnapshotRun* run = open_run(command);
    if (run == nullptr) {
        const auto time = time_of(line);
        if (!time) return;
        if (!runs_.empty() && runs_.back().refused && runs_.back().level == level_of(command) &&
            runs_.back().started == *time)
            return;  // a further line of the same refusal
        start(line, command);
        runs_.back().end = RsnapshotEnd::errors;
        runs_.back().ended = *time;
        runs_.back().refused = true;
        runs_.back().error = text;
        return;
    }
    if (run->error.empty()) run->error = text;
    // Another run holds the lock: this one did nothing, and the lines that follow are the other's.
    if (contains(text, "can not continue")) {
        run->end = RsnapshotEnd::errors;
        run->ended = run->started;
        run->refused = true;
    }
}

void LogReader::command(std::string_view text) {
    RsnapshotRun* run = newest_open();
    if (run == nullptr) return;
    std::string_view number = text;
    if (text.starts_with("touch /")) {
        run->touched = without_trailing_slashes(text.substr(6));
    } else if (text.starts_with("echo ")) {
        number.remove_prefix(5);
        const auto process = take_number<int>(number);
        if (process && *process > 0 && number.starts_with(" > ")) run->process = *process;
    }
    for (const std::string_view start :
         {"/", "echo ", "rm -", "mv /", "mkdir ", "native_cp_al(", "touch /"})
        if (text.starts_with(start)) run->has_commands = true;
}

void LogReader::read(const LogLine& line) {
    struct Ending {
        std::string_view text;
        RsnapshotEnd end;
    };
    static constexpr Ending endings[] = {
        {": completed successfully", RsnapshotEnd::success},
        {": completed, but with some warnings", RsnapshotEnd::warnings},
        {": completed, but with some errors", RsnapshotEnd::errors},
        {": completed, but with no definite status", RsnapshotEnd::errors},
    };
    constexpr std::string_view error_mark = ": ERROR: ", started = ": started";
    std::string_view text = line.text;
    // "RUN: ERROR: RUN: completed, but with some errors"
    const size_t mark = text.find(error_mark);
    const bool is_error = mark != text.npos && contains(text.substr(0, mark), "rsnapshot");
    if (is_error) text = text.substr(mark + error_mark.size());
    for (const Ending& one : endings)
        if (text.ends_with(one.text))
            return end(line, text.substr(0, text.size() - one.text.size()), one.end);
    if (is_error) return error(line, line.text.substr(0, mark), text);
    if (text.ends_with(started) && contains(text, "rsnapshot"))
        return start(line, text.substr(0, text.size() - started.size()));
    if (!line.is_warning) return command(text);
    if (RsnapshotRun* run = newest_open(); run != nullptr && !is_harmless(text)) {
        run->partial = true;
        if (run->error.empty()) run->error = text;
    }
}

}  // namespace

std::vector<RsnapshotRun> parse_rsnapshot_log(std::string_view text) {
    LogReader reader;
    while (!text.empty())
        if (const auto line = parse_line(trim_end(take_line(text)))) reader.read(*line);
    auto runs = reader.take();
    if (runs.size() > most_runs)
        runs.erase(runs.begin(), runs.end() - static_cast<ptrdiff_t>(most_runs));
    return runs;
}

}  // namespace lastgood
