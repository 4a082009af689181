// An md array (Linux software RAID) as /proc/mdstat or sysfs describe it. Each word of the kernel
// is kept as an enum and as text: a word of a newer kernel is shown, not mistaken for another.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"

namespace lastgood {

// The personalities of drivers/md, and mdadm's "container" of arrays with external metadata.
enum class MdLevel {
    none,  // not set: the array is not assembled yet, or "inactive" in mdstat
    linear,
    raid0,
    raid1,
    raid4,
    raid5,
    raid6,
    raid10,
    multipath,
    faulty,
    container,
    unknown,
};

// array_state of the kernel documentation, admin-guide/md.rst; "broken" since Linux 5.3.
enum class MdState {
    clear,
    inactive,
    suspended,
    readonly,
    read_auto,
    clean,
    active,
    write_pending,
    active_idle,
    broken,
    unknown,
};

// sync_action of md.rst. mdstat calls a repair "resync".
enum class MdAction { idle, resync, recover, check, repair, reshape, frozen, unknown };

enum class MdPhase {
    none,     // no action
    running,  // the action makes progress
    delayed,  // waits for another array on the same drives
    pending,  // waits for the first write (auto-read-only)
    remote,   // runs on another node of the cluster
};

enum class MdMemberState {
    in_sync,
    rebuilding,  // has a slot, but not all data yet
    spare,
    faulty,
    journal,
    replacement,  // copies a member that still works, to replace it
    unknown,
};

// `word` is the kernel's text, also of a value that is `unknown`.
struct MdLevelWord {
    MdLevel value = MdLevel::none;
    std::string word;
};
struct MdStateWord {
    MdState value = MdState::unknown;
    std::string word;
};
struct MdActionWord {
    MdAction value = MdAction::idle;
    std::string word;
};

MdLevelWord parse_md_level(std::string_view word);  // "raid5", "5", "-1"
MdStateWord parse_md_state(std::string_view word);
MdActionWord parse_md_action(std::string_view word);  // words of sysfs, and mdstat's "recovery"

std::string_view to_string(MdLevel level);
std::string_view to_string(MdState state);
std::string_view to_string(MdAction action);
std::string_view to_string(MdPhase phase);
std::string_view to_string(MdMemberState state);

struct MdMember {
    std::string device;         // kernel name: "sda1", "dm-3", "cciss!c0d0p1"
    std::optional<int> number;  // [N] of mdstat: the number in the metadata, not the slot
    std::optional<int> slot;    // position in the array, from 0
    MdMemberState state = MdMemberState::unknown;
    std::vector<std::string> flags;    // "write_mostly", "blocked", "want_replacement", …
    std::optional<double> errors;      // corrected read errors
    std::optional<double> bad_blocks;  // ranges in the list of bad blocks
};

// State of one slot of the array.
enum class MdSlot { in_sync, rebuilding, missing };

struct MdArray {
    std::string device;   // "md0"
    std::string problem;  // not empty: part of the description is malformed or unknown; the other
                          // fields hold the rest
    MdStateWord state;
    MdLevelWord level;
    std::optional<int> layout;  // as in sysfs; RAID 10: near | far << 8 | offset << 16 | sets << 17
    std::optional<int> raid_disks;         // number of slots
    std::optional<int> former_raid_disks;  // during a reshape that changes the number of slots
    std::optional<int> degraded;           // number of slots that are not in sync
    std::vector<MdSlot> slots;             // one for each slot; empty: unknown
    std::vector<MdMember> members;
    std::string metadata;  // "1.2", "0.90", "external:imsm", "none"; empty: unknown
    std::string uuid;  // as mdadm and udev print it, "01234567:89abcdef:01234567:89abcdef"; empty:
                       // unknown
    MdActionWord action;
    MdPhase phase = MdPhase::none;
    std::optional<double> progress;          // 0 to 1
    std::optional<Seconds> remaining;        // at the current speed
    std::optional<double> speed;             // of the action, bytes/s of each member
    std::optional<double> mismatch_sectors;  // of the last check, repair or resync
    std::string last_action;                 // sysfs' last_sync_action; empty: unknown
    std::optional<double> component_bytes;   // used bytes of each member
};

// True for a container of arrays with external metadata (Intel's imsm, SNIA's ddf): it is always
// "inactive" and cannot fail.
bool is_container(const MdArray& array);

// True if a running array of this level can lose members, so that mdstat and mdadm count them.
bool has_redundancy(MdLevel level);

// The kernel's number for a RAID 10 layout (drivers/md/raid10.c, setup_geo).
int raid10_layout(int near_copies, int far_copies, bool offset, int far_sets);

// mdadm's name for a layout: "near=2", "far=2", "offset=2", "left-symmetric"; the number if mdadm
// has no name; empty if the level has no layouts.
std::string describe_layout(MdLevel level, std::optional<int> layout);

}  // namespace lastgood
