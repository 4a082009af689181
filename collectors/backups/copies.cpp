#include "collectors/backups/copies.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/descriptor.hpp"

namespace lastgood {

namespace {

// Clocks of two machines may differ by this much without anything being wrong.
constexpr Seconds clock_slack = 300;

constexpr size_t most_told = 50;  // problems

// Takes what cannot be judged out of the copies.
void set_aside_unjudged(std::vector<RecordedCopy>& copies, BackupState& state) {
    std::erase_if(copies, [&](RecordedCopy& copy) {
        if (!copy.unjudged) return false;
        state.unjudged += 1;
        if (!state.newest_unjudged || copy.time > *state.newest_unjudged) {
            state.newest_unjudged = copy.time;
            state.broken = copy.name;
        }
        if (state.problems.size() < most_told)
            state.problems.push_back({*copy.unjudged, std::move(copy.reason)});
        return true;
    });
}

// Takes the copies in doubt out; returns the newest that has a possible time.
std::optional<RecordedCopy> set_aside_doubtful(std::vector<RecordedCopy>& copies, Timestamp now) {
    std::optional<RecordedCopy> newest;
    std::erase_if(copies, [&](RecordedCopy& copy) {
        if (copy.doubt.empty() || !copy.whole) return false;
        if (copy.time <= now + clock_slack && (!newest || copy.time > newest->time))
            newest = std::move(copy);
        return true;
    });
    return newest;
}

// Whether an older copy that is proven is the newest cannot be told.
void note_doubtful(const RecordedCopy& newest, BackupState& state) {
    const auto proven = proven_newest(state);
    if (state.count == 0) state.count.reset();
    if (proven && *proven >= newest.time) return;
    state.newest.push_back({newest.time, Confidence::activity});
    state.perhaps = newest.time;
    state.problems.push_back({ErrorKind::absent, fmt::format("{}: {}", newest.name, newest.doubt)});
}

}  // namespace

RecordedCopy unjudged_copy(const Host& host, const std::string& record, const Error& why,
                           std::optional<Timestamp> time) {
    if (!time) {
        const auto status = host.status(record, false);
        time = status ? std::min(status->modified, host.now()) : host.now();
    }
    return {*time, false, std::nullopt, record, why.message, why.kind};
}

void note_unjudged(BackupState& state, Error why, Timestamp now) {
    state.unjudged += 1;
    state.newest_unjudged = now;
    if (state.problems.size() < most_told) state.problems.push_back(std::move(why));
}

BackupState state_of_copies(std::vector<RecordedCopy> copies, Confidence confidence,
                            Timestamp now) {
    BackupState state;
    state.incomplete = false;
    state.count = 0;
    set_aside_unjudged(copies, state);
    const auto doubtful = set_aside_doubtful(copies, now);
    std::ranges::stable_sort(copies, std::ranges::greater{}, &RecordedCopy::time);
    bool newest_seen = false, newest_whole_seen = false;
    Timestamp newest_finished = 0;
    const RecordedCopy* ahead = nullptr;
    for (const RecordedCopy& copy : copies) {
        const bool in_future = copy.time > now + clock_slack;
        if (in_future) ahead = &copy;
        if (!newest_seen && !in_future) {
            newest_seen = true;
            newest_finished = copy.time;
            state.incomplete = !copy.whole;
            if (!copy.whole) {
                state.problems.push_back(
                    {ErrorKind::malformed, fmt::format("{}: {}", copy.name, copy.reason)});
                if (copy.time >= state.newest_unjudged.value_or(0)) state.broken = copy.name;
            }
        }
        if (!copy.whole) continue;
        *state.count += 1;
        state.oldest = copy.time;
        if (newest_whole_seen || in_future) continue;
        newest_whole_seen = true;
        state.newest.push_back({copy.time, confidence});
        state.size = copy.size;
    }
    // One night's wrong clock is no fault of the others.
    if (ahead != nullptr && state.newest.empty())
        state.problems.push_back(
            {ErrorKind::malformed,
             fmt::format("{}: its time, {}, is in the future; is the clock right?", ahead->name,
                         format_time(ahead->time))});
    if (doubtful) note_doubtful(*doubtful, state);
    if (doubtful && newest_finished < doubtful->time) state.incomplete.reset();
    if (!state.newest_unjudged) return state;
    const bool judged_newest = newest_seen && newest_finished >= *state.newest_unjudged;
    if (!judged_newest) state.incomplete.reset();
    if (state.count == 0) state.count.reset();  // that there is none is not known
    return state;
}

Result<std::string> read_record(const Host& host, const std::string& path, size_t limit) {
    return host.read(path, limit, LastLink::refuse);
}

Result<FileTail> read_tail(const Host& host, const std::string& path, size_t limit, LastLink last) {
    auto opened = host.open_file(path, last);
    if (!opened) return Failure(opened.error());
    const Descriptor file(*opened);
    const off_t end = ::lseek(file.get(), 0, SEEK_END);
    if (end < 0) return fail(ErrorKind::failed, fmt::format("{}: {}", path, errno_text(errno)));
    FileTail tail;
    tail.whole = static_cast<size_t>(end) <= limit;
    const off_t start = tail.whole ? 0 : end - static_cast<off_t>(limit);
    tail.text.resize(static_cast<size_t>(end - start));
    size_t got = 0;
    while (got < tail.text.size()) {
        const ssize_t count = ::pread(file.get(), tail.text.data() + got, tail.text.size() - got,
                                      start + static_cast<off_t>(got));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0)
            return fail(ErrorKind::failed, fmt::format("{}: {}", path, errno_text(errno)));
        if (count == 0) break;
        got += static_cast<size_t>(count);
    }
    tail.text.resize(got);
    if (!tail.whole) tail.text.erase(0, tail.text.find('\n') + 1);
    return tail;
}

Result<std::vector<std::string>> list_directories(const Host& host, const std::string& path) {
    auto names = host.list(path);
    if (!names) return Failure(names.error());
    std::erase_if(*names, [&](const std::string& name) {
        const auto status = host.status(path + "/" + name);
        // What cannot be looked at is no directory that went away.
        if (!status) return status.error().kind == ErrorKind::absent;
        return status->kind != FileKind::directory;
    });
    return *names;
}

}  // namespace lastgood
