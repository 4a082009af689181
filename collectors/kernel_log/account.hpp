// Kernel log events as increments of counters: which drive, array or filesystem each is charged to.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/kernel_log/parse/event.hpp"
#include "collectors/kernel_log/parse/reader.hpp"
#include "core/observation.hpp"

namespace lastgood {

// Whom an event is charged to; all empty: nobody (a keyboard's USB port, an empty floppy drive).
struct KernelLogSubjects {
    std::vector<std::string> drives;
    std::string array;
    // A mapped device (dm, bcache) that lies on one drive: charged to the drive as that layer's,
    // beside what the drive's own request was charged.
    bool mapped = false;
};

// What stands for which name at the moment of an event.
class KernelLogNames {
  public:
    virtual ~KernelLogNames() = default;
    // Told of every event that changes names: appeared, attached, removed, port_map.
    virtual void note(const KernelEvent& event) = 0;
    // Of an error: whom its device is. `kmsg_device` is the DEVICE= of the record ("b8:16",
    // "+scsi:2:0:0:0"), may be empty.
    virtual KernelLogSubjects subjects(const KernelEvent& event, std::string_view kmsg_device) = 0;
    virtual std::string array(std::string_view device) = 0;
    virtual std::string filesystem(std::string_view device) = 0;
};

class KernelLogAccount {
  public:
    explicit KernelLogAccount(KernelLogNames& names) : names_(names) {}

    // Charges nothing while false: the past is only read to learn names and to have a base for
    // cumulative counters.
    void set_counting(bool counting) { counting_ = counting; }

    void take(const KernelEvent& event, const KernelLogReader::Origin& origin);
    void add_lost(uint64_t records, Timestamp at);

    bool empty() const { return series_.empty(); }
    // The increments since the last call; of each, the time of the newest event in it.
    std::vector<Observation> drain();

  private:
    struct Key {
        const Metric* metric;
        std::string subject, kind, layer;
        auto operator<=>(const Key&) const = default;
    };
    struct Sum {
        uint64_t count = 0;
        Timestamp newest = 0;
    };

    void charge(const Metric& metric, std::string_view subject, std::string_view kind,
                std::string_view layer, uint64_t count, Timestamp at);
    void charge_drives(const KernelEvent& event, const KernelLogReader::Origin& origin,
                       KernelEventKind kind, uint64_t count);
    void take_btrfs(const KernelEvent& event, const KernelLogReader::Origin& origin);

    KernelLogNames& names_;
    bool counting_ = true;
    std::map<Key, Sum> series_;
    std::map<std::string, BtrfsCounters, std::less<>> btrfs_;  // by device name, as last printed
};

}  // namespace lastgood
