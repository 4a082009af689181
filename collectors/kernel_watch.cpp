#include "collectors/kernel_watch.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>

#include "core/text.hpp"

namespace lastgood {

// Keeps the beginning only, which is enough to see a change of a one-word attribute. Reads tables
// of /proc to their end, because only that acknowledges the event; wait() takes each of their
// events as a change.
std::string KernelWatch::read_file(int fd) {
    char buffer[4096];
    std::string content;
    off_t at = 0;
    for (int reads = 0; reads < 1024; ++reads) {
        const ssize_t got = ::pread(fd, buffer, sizeof buffer, at);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        if (content.size() < 256) content.append(buffer, static_cast<size_t>(got));
        at += got;
    }
    content.resize(trim_end(content).size());
    if (content == "clean" || content == "active-idle") content = "active";
    return content;
}

void KernelWatch::follow(const std::vector<std::string>& paths) {
    for (auto& [path, file] : files_) file.seen = false;
    for (const std::string& path : paths) {
        if (auto known = files_.find(path); known != files_.end()) {
            known->second.seen = true;
            continue;
        }
        if (files_.size() >= most_files) break;
        auto fd = host_.open(path);
        if (!fd) continue;  // this array does not have the attribute
        files_.emplace(path, File{Descriptor(*fd), read_file(*fd), true});
    }
    std::erase_if(files_, [](const auto& entry) { return !entry.second.seen; });
}

bool KernelWatch::wait(Seconds seconds) {
    const Seconds until = host_.monotonic() + seconds;
    std::vector<pollfd> polled;
    std::vector<std::string> paths;
    for (const auto& [path, file] : files_) {
        polled.push_back({file.open.get(), POLLPRI | POLLERR, 0});
        paths.push_back(path);
    }
    while (true) {
        const Seconds left = std::max(0.0, until - host_.monotonic());
        const int ready =
            ::poll(polled.data(), polled.size(), static_cast<int>(std::ceil(left * 1000)));
        if (ready == 0) return false;
        if (ready < 0) {
            if (errno == EINTR) continue;
            return false;
        }
        bool changed = false;
        for (size_t i = 0; i < polled.size(); ++i) {
            if (polled[i].revents == 0) continue;
            File& file = files_.at(paths[i]);
            std::string content = read_file(file.open.get());
            // The sysfs files of a removed array return nothing for ever: stop polling them.
            if (content.empty()) polled[i].fd = -1;
            changed = changed || paths[i].starts_with("/proc/") || content != file.content;
            file.content = std::move(content);
        }
        if (changed) return true;
        if (left <= 0) return false;
    }
}

}  // namespace lastgood
