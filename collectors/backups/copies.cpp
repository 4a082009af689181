#include "collectors/backups/copies.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/descriptor.hpp"

namespace lastgood {

namespace {

// Clocks of two machines may differ by this much without anything being wrong.
constexpr Seconds clock_slack = 300;

}  // namespace

BackupState state_of_copies(std::vector<RecordedCopy> copies, Confidence confidence,
                            Timestamp now) {
    BackupState state;
    state.incomplete = false;
    state.count = 0;
    std::ranges::stable_sort(copies, std::ranges::greater{}, &RecordedCopy::time);
    bool newest_seen = false, newest_whole_seen = false;
    const RecordedCopy* ahead = nullptr;
    for (const RecordedCopy& copy : copies) {
        const bool in_future = copy.time > now + clock_slack;
        if (in_future) ahead = &copy;
        if (!newest_seen && !in_future) {
            newest_seen = true;
            state.incomplete = !copy.whole;
            if (!copy.whole)
                state.problems.push_back(
                    {ErrorKind::malformed, fmt::format("{}: {}", copy.name, copy.reason)});
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
        return !status || status->kind != FileKind::directory;
    });
    return *names;
}

}  // namespace lastgood
