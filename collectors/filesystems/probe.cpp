#include "collectors/filesystems/probe.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace lastgood {

namespace {

constexpr size_t most_at_once = 64;

struct Message {
    int error = 0;
    FilesystemUse use{};
};

Seconds monotonic() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// A child that hangs must not keep our output open: whoever reads it waits for its end.
void keep_only(int fd) {
    const int null = ::open("/dev/null", O_RDWR);
    for (int standard : {0, 1, 2})
        if (null >= 0) ::dup2(null, standard);
    if (fd > 3) ::close_range(3, static_cast<unsigned>(fd) - 1, 0);
    ::close_range(static_cast<unsigned>(fd) + 1, ~0U, 0);
}

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
    const int length = std::snprintf(path, sizeof path, "%s/DATALOSS_WARNING_README.txt", point);
    use.loss_warned =
        length > 0 && static_cast<size_t>(length) < sizeof path && ::access(path, F_OK) == 0;
    return 0;
}

FilesystemProbes::~FilesystemProbes() {
    for (const auto& [point, pid] : stuck_) ::kill(pid, SIGKILL);
    reap();
}

void FilesystemProbes::reap() {
    std::erase_if(ending_, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
    std::erase_if(stuck_,
                  [](const auto& entry) { return ::waitpid(entry.second, nullptr, WNOHANG) != 0; });
}

bool FilesystemProbes::start(const std::string& point, Child& child) const {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
    const pid_t parent = ::getpid();
    child.pid = ::fork();
    if (child.pid < 0) {
        ::close(ends[0]);
        ::close(ends[1]);
        return false;
    }
    if (child.pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(1);
        keep_only(ends[1]);
        Message message;
        message.error = probe_(point.c_str(), message.use);
        const ssize_t written = ::write(ends[1], &message, sizeof message);
        ::_exit(written == static_cast<ssize_t>(sizeof message) ? 0 : 1);
    }
    ::close(ends[1]);
    child.fd = ends[0];
    return true;
}

std::map<std::string, ProbeAnswer> FilesystemProbes::ask(const std::vector<std::string>& points,
                                                         Seconds deadline) {
    reap();
    std::map<std::string, ProbeAnswer> answers;
    std::map<std::string, Child> running;
    const Seconds until = monotonic() + deadline;
    size_t next = 0;
    while (true) {
        for (; next < points.size() && running.size() < most_at_once; ++next) {
            const std::string& point = points[next];
            if (stuck_.contains(point) || answers.contains(point) || running.contains(point)) {
                answers.try_emplace(point);
                continue;
            }
            Child child;
            if (start(point, child))
                running.emplace(point, child);
            else
                answers[point] = {ProbeAnswer::Kind::failed, {}, errno};
        }
        if (running.empty()) break;
        std::vector<pollfd> polled;
        std::vector<std::string> names;
        for (const auto& [point, child] : running) {
            polled.push_back({child.fd, POLLIN, 0});
            names.push_back(point);
        }
        const Seconds left = until - monotonic();
        if (left <= 0) break;
        const int ready =
            ::poll(polled.data(), polled.size(), static_cast<int>(std::ceil(left * 1000)));
        if (ready < 0 && errno != EINTR) break;
        for (size_t i = 0; ready > 0 && i < polled.size(); ++i) {
            if (polled[i].revents == 0) continue;
            const Child child = running[names[i]];
            Message message;
            ProbeAnswer answer;
            // Smaller than a pipe's atomic write: all of it or nothing.
            if (::read(child.fd, &message, sizeof message) != static_cast<ssize_t>(sizeof message))
                answer = {ProbeAnswer::Kind::failed, {}, EIO};
            else if (message.error != 0)
                answer = {ProbeAnswer::Kind::failed, {}, message.error};
            else
                answer = {ProbeAnswer::Kind::answered, message.use, 0};
            answers[names[i]] = answer;
            ::close(child.fd);
            ending_.push_back(child.pid);
            running.erase(names[i]);
        }
    }
    for (const auto& [point, child] : running) {
        answers[point] = {ProbeAnswer::Kind::silent, {}, 0};
        ::close(child.fd);
        ::kill(child.pid, end_signal_);
        stuck_[point] = child.pid;
    }
    for (; next < points.size(); ++next) answers.try_emplace(points[next]);
    return answers;
}

}  // namespace lastgood
