// Which drive a name of the kernel's stood for when the kernel used it, on a living host.
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

// Names are kept as they were: errors of a drive that is gone stay on its account until the kernel
// says that another device has appeared under the name. What cannot be attributed gets the subject
// "unknown-NAME".
class HostKernelLogNames : public KernelLogNames {
  public:
    using ReadTopology = std::function<std::optional<Topology>()>;

    // `clock` is monotonic.
    HostKernelLogNames(const Host& host, ReadTopology read, std::function<Seconds()> clock);

    // The backlog is read twice: first this learns which names were given anew in it. Errors under
    // a name before its last appearance are another drive's, which cannot be known any more.
    void learn_backlog(const KernelEvent& event);

    // When nothing is waiting to be read: takes up what has appeared.
    void settle();
    bool unsettled() const { return stale_; }

    void note(const KernelEvent& event) override;
    KernelLogSubjects subjects(const KernelEvent& event, std::string_view kmsg_device) override;
    std::string array(std::string_view device) override;
    std::string filesystem(std::string_view device) override;

  private:
    struct Appearance {
        std::string form;  // address and size: the same again is the same device looked at again
        uint64_t removals = 0;
        unsigned count = 0;
    };
    struct Epochs {
        std::map<std::string, Appearance, std::less<>> names;
        uint64_t removals = 0;
        bool take(const KernelEvent& event);  // whether a device has taken the name
    };

    void refresh();
    void hold_all();
    std::vector<std::string> drives_named(std::string_view name);
    std::vector<std::string> drives_at(std::string_view place) const;
    std::optional<KernelLogSubjects> by_name(std::string_view name);
    const Mount* mount_of(std::string_view device) const;

    const Host& host_;
    ReadTopology read_;
    std::function<Seconds()> clock_;
    Topology topology_;
    Topology previous_;
    std::map<std::string, std::vector<std::string>, std::less<>>
        held_;                                                   // device name → ids of drives
    std::map<std::string, std::string, std::less<>> array_ids_;  // of md devices, as last seen
    std::set<std::string, std::less<>>
        renewed_;  // names given to a device that the topology may not have yet
    bool stale_ = false;
    Seconds read_at_ = -1e9;
    Seconds appeared_at_ = -1e9;
    Epochs backlog_;
    Epochs live_;
};

}  // namespace lastgood
