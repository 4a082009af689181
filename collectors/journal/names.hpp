// Maps device names in messages of the journal to drive ids as of the time of the message.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/journal/event.hpp"
#include "core/host.hpp"
#include "core/topology.hpp"

namespace lastgood {

// Not thread-safe. drive() and look() read the topology (/sys, the udev database), about once a
// second at most; no device is accessed.
class JournalNames {
  public:
    // nullopt: the topology cannot be read now; the last one stays in use.
    using ReadTopology = std::function<std::optional<Topology>()>;

    // `clock` is monotonic, in seconds. `host` must outlive this object.
    JournalNames(const Host& host, ReadTopology read, std::function<Seconds()> clock);

    // What smartd says at its start. A later one replaces an earlier one of the same device.
    void learn(const JournalIdentity& identity);
    // To be called now and then: notes new drives, so that they are still known when they are gone.
    void look();
    // False for a name that only smartd's start can explain: it is the time to learn older ones.
    bool knows(std::string_view device);

    // The id of a drive, by "sdb", "nvme0", "bus/0 [megaraid_disk_02]" or a name in /dev/disk,
    // at a time; `this_boot` is false for a message from before this boot. "unknown-NAME" for a
    // drive that is not known or was replaced since. Empty: no drive, or several.
    std::string drive(std::string_view device, Timestamp at, bool this_boot);

  private:
    void refresh();
    std::set<std::string> drives_named(std::string_view name) const;
    const Drive* present(std::string_view device) const;
    bool was_here(const Drive& drive, Timestamp at) const;
    std::string unknown(std::string_view device);

    const Host& host_;
    ReadTopology read_;
    std::function<Seconds()> clock_;
    Topology topology_;
    std::vector<std::string> block_devices_;  // in /sys/block when the topology was read
    Seconds read_at_ = -1e9;
    // Ids by device name: now or when the device was last here, and the one before.
    std::map<std::string, std::string, std::less<>> last_, before_;
    std::map<std::string, std::string, std::less<>> said_;  // ids by smartd's device name
    std::map<std::string, std::string, std::less<>> unknown_;
};

}  // namespace lastgood
