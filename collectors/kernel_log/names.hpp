// Maps device names in kernel messages to drive ids as of the time of the message, on a live host.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/kernel_log/account.hpp"
#include "core/host.hpp"
#include "core/topology.hpp"

namespace lastgood {

// A name keeps its drive until the kernel reports another device under that name: errors of a
// removed drive are still charged to that drive. A name that cannot be resolved gets the subject
// "unknown-NAME". Not thread-safe. Unknown names and settle() read the topology (/sys, mountinfo,
// the udev database), about once a second at most; no device is accessed.
class HostKernelLogNames : public KernelLogNames {
  public:
    // nullopt: the topology cannot be read now; the last one stays in use.
    using ReadTopology = std::function<std::optional<Topology>()>;

    // `clock` is monotonic, in seconds. `host` must outlive this object.
    HostKernelLogNames(const Host& host, ReadTopology read, std::function<Seconds()> clock);

    // The backlog is read twice. The first pass calls this for each event, to learn which device
    // names were reused. Then an error under a name before its last appearance is known to be
    // another drive's; its subject is "unknown-NAME".
    void learn_backlog(const KernelEvent& event);

    // Reads the topology anew 2 s after a device appeared, when udev has identified it. To be
    // called whenever no record is waiting.
    void settle();
    bool needs_settling() const { return stale_; }

    void note(const KernelEvent& event) override;
    KernelLogSubjects subjects(const KernelEvent& event, std::string_view kmsg_device) override;
    // "md-uuid-…", the LVM array's id, or the name itself.
    std::string array(std::string_view device) override;
    // The mount point, or the device name if it is not mounted; empty for an empty name, and for a
    // filesystem that was on a device of this name before another one was.
    std::string filesystem(std::string_view device) override;

  private:
    struct Appearance {
        std::string form;  // address and size; the same again is a rescan of the same device
        uint64_t removals = 0;
        unsigned count = 0;
    };
    struct Filesystem {
        std::string uuid;    // as mounted last; empty: unknown
        unsigned count = 0;  // of filesystems that were mounted from this device one after another
    };
    struct Appearances {
        std::map<std::string, Appearance, std::less<>> names;
        std::map<std::string, Filesystem, std::less<>> filesystems;  // by device
        uint64_t removals = 0;                                       // of any device
        void learn_mount(const KernelEvent& event);
        bool learn(const KernelEvent& event);  // true if another device has taken the name
    };

    void refresh();
    void keep_names();
    std::vector<std::string> drives_named(std::string_view name);
    std::vector<std::string> drives_at(std::string_view place) const;
    std::optional<KernelLogSubjects> by_name(std::string_view name);
    bool is_earlier_filesystem(std::string_view device) const;
    const Mount* mount_of(std::string_view device) const;

    const Host& host_;
    ReadTopology read_;
    std::function<Seconds()> clock_;
    Topology topology_;
    Topology previous_;
    std::map<std::string, std::vector<std::string>, std::less<>> kept_;  // device name → drive ids
    std::map<std::string, std::string, std::less<>> array_ids_;  // md name → id, as last seen
    std::set<std::string, std::less<>> reused_;  // names whose new device topology_ may not have
    bool stale_ = false;
    Seconds read_at_ = -1e9;
    Seconds appeared_at_ = -1e9;
    Appearances backlog_;
    Appearances live_;
};

}  // namespace lastgood
