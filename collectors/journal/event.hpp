// What a message of smartd, mdadm's monitor or zed reports about a drive or a ZFS pool, by the same
// parsers as `lastgood explain`. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collectors/journal/parse/fields.hpp"
#include "core/observation.hpp"

namespace lastgood {

// One to count: drive_messages_total of smartd and mdadm's monitor, drive_kernel_errors_total and
// array_kernel_errors_total of zed, which passes on the events of the kernel's ZFS.
struct JournalEvent {
    const Metric* metric = nullptr;
    std::string name;  // of the drive's device ("sdb", "bus/0 [megaraid_disk_02]") or of the pool
    Labels labels;
};

// Which drive a device was when smartd started.
struct JournalIdentity {
    std::string device, model, serial, wwn;
};

struct JournalReport {
    std::vector<JournalEvent> events;
    std::optional<JournalIdentity> identity;
};

// Empty for messages of no trouble: starts, temperatures, rebuilds, scrubs. The states of arrays
// that mdadm reports are left out, too: sysfs has them, newer.
JournalReport report_of(const JournalMessage& message, Timestamp at);

}  // namespace lastgood
