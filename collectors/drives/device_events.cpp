#include "collectors/drives/device_events.hpp"

#include <libudev.h>
#include <poll.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <string_view>

#include "core/clock.hpp"
#include "core/drive_identity.hpp"

namespace lastgood {

namespace {

constexpr Seconds coalescing_window = 0.1;
constexpr int max_windows = 10;  // bounds the delay of a report by a flood of events
constexpr int max_events = 10000;

}  // namespace

DeviceEvents::DeviceEvents(bool loops_are_drives)
    : loops_are_drives_(loops_are_drives), udev_(udev_new()) {
    if (udev_ == nullptr) return;
    const std::array<const char*, 2> sources = {"kernel", "udev"};
    for (size_t i = 0; i < sources.size(); ++i) {
        udev_monitor* monitor = udev_monitor_new_from_netlink(udev_, sources[i]);
        if (monitor == nullptr) continue;
        if (udev_monitor_filter_add_match_subsystem_devtype(monitor, "block", nullptr) < 0 ||
            udev_monitor_enable_receiving(monitor) < 0) {
            udev_monitor_unref(monitor);
            continue;
        }
        monitors_[i] = monitor;
    }
}

DeviceEvents::~DeviceEvents() {
    for (udev_monitor* monitor : monitors_)
        if (monitor != nullptr) udev_monitor_unref(monitor);
    if (udev_ != nullptr) udev_unref(udev_);
}

bool DeviceEvents::drain(udev_monitor* monitor) const {
    bool interesting = false;
    for (int i = 0; i < max_events; ++i) {
        udev_device* device = udev_monitor_receive_device(monitor);
        if (device == nullptr) break;
        const char* name = udev_device_get_sysname(device);
        const char* type = udev_device_get_devtype(device);
        const bool is_partition = type == nullptr || std::string_view(type) != "disk";
        const BlockKind kind = block_kind(name == nullptr ? "" : name, is_partition);
        interesting = interesting || is_drive(kind, loops_are_drives_);
        udev_device_unref(device);
    }
    return interesting;
}

bool DeviceEvents::wait_once(Seconds seconds) {
    const Seconds until = monotonic_clock() + seconds;
    while (true) {
        std::array<pollfd, 2> polled{};
        for (size_t i = 0; i < monitors_.size(); ++i)
            polled[i] = {monitors_[i] == nullptr ? -1 : udev_monitor_get_fd(monitors_[i]), POLLIN,
                         0};
        const Seconds left = std::max(0.0, until - monotonic_clock());
        const int ready =
            ::poll(polled.data(), polled.size(), static_cast<int>(std::ceil(left * 1000)));
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return false;
        bool interesting = false;
        for (size_t i = 0; i < monitors_.size(); ++i)
            if (polled[i].revents != 0) interesting = drain(monitors_[i]) || interesting;
        if (interesting) return true;
        if (left <= 0) return false;
    }
}

bool DeviceEvents::wait(Seconds seconds) {
    if (!wait_once(seconds)) return false;
    for (int i = 0; i < max_windows && wait_once(coalescing_window); ++i) {
    }
    return true;
}

}  // namespace lastgood
