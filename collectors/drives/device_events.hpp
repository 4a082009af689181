// Tells that block devices have come, gone or changed.
#pragma once

#include <array>

#include "core/time.hpp"

struct udev;
struct udev_monitor;

namespace lastgood {

// Listens to the kernel's own events (there is always a kernel) and to udev's, which come when its
// database is written. In a container neither may arrive.
class DeviceEvents {
  public:
    explicit DeviceEvents(bool loops_are_drives);
    ~DeviceEvents();
    DeviceEvents(const DeviceEvents&) = delete;
    DeviceEvents& operator=(const DeviceEvents&) = delete;

    // True when a disk came, went or changed, false after `seconds`. Events that follow each other
    // closely are one.
    bool wait(Seconds seconds);

  private:
    // Whether an event of these is about a disk.
    bool drain(udev_monitor* monitor) const;
    // False after `seconds` without an event; events of no interest do not end the wait.
    bool wait_once(Seconds seconds);

    bool loops_are_drives_;
    udev* udev_ = nullptr;
    std::array<udev_monitor*, 2> monitors_{};
};

}  // namespace lastgood
