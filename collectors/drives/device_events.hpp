// Waits for disks to be added, removed or changed.
#pragma once

#include <array>

#include "core/time.hpp"

struct udev;
struct udev_monitor;

namespace lastgood {

// Listens to uevents of the kernel, and to those of udev, which come after its database is written
// (libudev's udev_monitor). In a container neither may arrive; wait() then only sleeps. Not
// thread-safe.
class DeviceEvents {
  public:
    explicit DeviceEvents(bool loops_are_drives);
    ~DeviceEvents();
    DeviceEvents(const DeviceEvents&) = delete;
    DeviceEvents& operator=(const DeviceEvents&) = delete;

    // Blocks for at most `seconds` until a disk is added, removed or changed; false if none was.
    // Coalesces further events that follow within 0.1 s, for about 1 s at most.
    bool wait(Seconds seconds);

  private:
    // Reads all waiting events; true if one is about a disk.
    bool drain(udev_monitor* monitor) const;
    // As wait(), without coalescing. Events of other devices do not end it.
    bool wait_once(Seconds seconds);

    bool loops_are_drives_;
    udev* udev_ = nullptr;
    std::array<udev_monitor*, 2> monitors_{};  // kernel, udev; nullptr: not available
};

}  // namespace lastgood
