#include "collectors/filesystems/probe.hpp"

#include <poll.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "core/clock.hpp"
#include "core/ephemeral.hpp"

namespace lastgood {

namespace {

constexpr size_t most_at_once = 64;

struct Message {
    int error = 0;
    FilesystemUse use{};
};

}  // namespace

double FilesystemUse::used_ratio() const {
    const double usable = used() + available;
    return usable > 0 ? std::clamp(used() / usable, 0.0, 1.0) : 0;
}

int FilesystemProbes::statvfs_probe(const char* point, FilesystemUse& use) {
    struct statvfs found {};
    if (::statvfs(point, &found) != 0) return errno;
    const double block = static_cast<double>(found.f_frsize);
    use.size = block * static_cast<double>(found.f_blocks);
    use.free = block * static_cast<double>(found.f_bfree);
    use.available = block * static_cast<double>(found.f_bavail);
    use.files = static_cast<double>(found.f_files);
    use.files_free = static_cast<double>(found.f_ffree);
    char path[4200];
    const int length = std::snprintf(path, sizeof path, "%s/%s", point, loss_warning.data());
    use.loss_warned =
        length > 0 && static_cast<size_t>(length) < sizeof path && ::access(path, F_OK) == 0;
    return 0;
}

void FilesystemProbes::reap() {
    std::erase_if(ending_, [](const ChildProcess& child) { return child.has_ended(); });
    std::erase_if(stuck_, [](const auto& entry) { return entry.second.has_ended(); });
}

// The child inherits only the pipe for its answer. If a hanging child kept our standard output
// open, its reader would wait for ever.
Result<FilesystemProbes::Running> FilesystemProbes::start(const std::string& point) const {
    auto pipe = open_pipe();
    if (!pipe) return Failure(pipe.error());
    const auto body = [&] {
        Message message;
        message.error = probe_(point.c_str(), message.use);
        const ssize_t written = ::write(ChildProcess::extra_number, &message, sizeof message);
        return written == static_cast<ssize_t>(sizeof message) ? 0 : 1;
    };
    auto child = ChildProcess::start(body, {.extra = pipe->write.get()});
    if (!child) return Failure(child.error());
    return Running{std::move(*child), std::move(pipe->read)};
}

std::map<std::string, ProbeAnswer> FilesystemProbes::ask(const std::vector<std::string>& points,
                                                         Seconds deadline) {
    reap();
    std::map<std::string, ProbeAnswer> answers;
    std::map<std::string, Running> running;
    const Seconds until = monotonic_clock() + deadline;
    size_t next = 0;
    while (true) {
        for (; next < points.size() && running.size() < most_at_once; ++next) {
            const std::string& point = points[next];
            if (stuck_.contains(point) || answers.contains(point) || running.contains(point)) {
                answers.try_emplace(point);
                continue;
            }
            if (auto child = start(point))
                running.emplace(point, std::move(*child));
            else
                answers[point] = {ProbeAnswer::Kind::failed, {}, EAGAIN};  // try again later
        }
        if (running.empty()) break;
        std::vector<pollfd> polled;
        std::vector<std::string> names;
        for (const auto& [point, child] : running) {
            polled.push_back({child.answer.get(), POLLIN, 0});
            names.push_back(point);
        }
        const Seconds left = until - monotonic_clock();
        if (left <= 0) break;
        const int ready =
            ::poll(polled.data(), polled.size(), static_cast<int>(std::ceil(left * 1000)));
        if (ready < 0 && errno != EINTR) break;
        for (size_t i = 0; ready > 0 && i < polled.size(); ++i) {
            if (polled[i].revents == 0) continue;
            const auto asked = running.find(names[i]);
            Message message;
            ProbeAnswer answer;
            // The message is smaller than PIPE_BUF, so it arrives whole or not at all.
            const ssize_t size = ::read(asked->second.answer.get(), &message, sizeof message);
            if (size < 0 && errno == EINTR) continue;  // the next poll() tells again
            if (size != static_cast<ssize_t>(sizeof message))
                answer = {ProbeAnswer::Kind::failed, {}, EIO};
            else if (message.error != 0)
                answer = {ProbeAnswer::Kind::failed, {}, message.error};
            else
                answer = {ProbeAnswer::Kind::answered, message.use, 0};
            answers[names[i]] = answer;
            ending_.push_back(std::move(asked->second.process));
            running.erase(asked);
        }
    }
    for (auto& [point, child] : running) {
        answers[point] = {ProbeAnswer::Kind::silent, {}, 0};
        child.process.signal(end_signal_);
        stuck_.emplace(point, std::move(child.process));
    }
    for (; next < points.size(); ++next) answers.try_emplace(points[next]);
    return answers;
}

}  // namespace lastgood
