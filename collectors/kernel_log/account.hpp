// Turns kernel events into increments of counters and decides which drive, array or filesystem each
// error is charged to. Not thread-safe; blocks only as its KernelLogNames do.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/explainer.hpp"
#include "collectors/kernel_log/parse/event.hpp"
#include "collectors/kernel_log/parse/reader.hpp"
#include "core/observation.hpp"

namespace lastgood {

// The subjects that an error is charged to. None: the device is neither a drive nor an array (a
// keyboard's USB port, an empty floppy drive).
struct KernelLogSubjects {
    std::vector<std::string> drives;  // ids
    std::string array;                // id
    // The device is mapped (dm, bcache) and lies on one drive. The error is counted for layer dm,
    // because the drive's own failed request is counted for layer block.
    bool mapped = false;
};

// Maps device names in kernel messages to ids as of the time of the message.
class KernelLogNames {
  public:
    virtual ~KernelLogNames() = default;
    // Reports an event that changes names: appeared, attached, removed or port_map.
    virtual void note(const KernelEvent& event) = 0;
    // The subjects of the error's device. `kmsg_device` is the record's DEVICE= ("b8:16",
    // "+scsi:2:0:0:0"); it may be empty.
    virtual KernelLogSubjects subjects(const KernelEvent& event, std::string_view kmsg_device) = 0;
    // The id of an array or of a filesystem, by its device name.
    virtual std::string array(std::string_view device) = 0;
    // Also called with an empty name, for a message that names no device; with an empty id as
    // result it is not counted.
    virtual std::string filesystem(std::string_view device) = 0;
};

class KernelLogAccount {
  public:
    // `names` must outlive the account.
    explicit KernelLogAccount(KernelLogNames& names) : names_(names) {}

    // With false, later events are not counted: they only teach names and the base of cumulative
    // counters. For records that an earlier run has counted.
    void set_counting(bool counting) { counting_ = counting; }

    void charge(const KernelEvent& event, const KernelLogReader::Origin& origin);
    // Counts records that the kernel overwrote before they were read.
    void charge_lost(uint64_t records, Timestamp at);

    bool empty() const { return series_.empty(); }
    // Returns and clears the increments since the last call; observed_at is the time of the newest
    // event in each. `evidence` gets one entry for each of them: the lines of a saved log.
    std::vector<Observation> drain(std::vector<EvidenceList>* evidence = nullptr);

  private:
    struct Key {
        const Metric* metric;
        std::string subject, kind, layer;
        auto operator<=>(const Key&) const = default;
    };
    struct Sum {
        uint64_t count = 0;
        Timestamp newest = 0;
        EvidenceList evidence;
    };

    void add(const Metric& metric, std::string_view subject, std::string_view kind,
             std::string_view layer, uint64_t count, const KernelLogReader::Origin& origin,
             std::optional<uint64_t> sector = {});
    void charge_error(const KernelEvent& event, const KernelLogReader::Origin& origin);
    void charge_device(const KernelEvent& event, const KernelLogReader::Origin& origin,
                       KernelEventKind kind, uint64_t count);
    void charge_btrfs(const KernelEvent& event, const KernelLogReader::Origin& origin);

    KernelLogNames& names_;
    bool counting_ = true;
    std::map<Key, Sum> series_;
    std::map<std::string, BtrfsCounters, std::less<>> btrfs_;  // device name → last counters
};

}  // namespace lastgood
