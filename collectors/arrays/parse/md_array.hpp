// A Linux software RAID (md) array as the kernel describes it, whether in /proc/mdstat or in sysfs.
// Every word of the kernel's is an enum and, beside it, the word itself, so that one from a newer
// kernel is seen and not taken for something else.
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
    none,  // not set: an array that is being put together, or "inactive" in mdstat
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

// Linux Documentation/admin-guide/md.rst, array_state; "broken" since Linux 5.3.
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

// md.rst, sync_action. A repair is called "resync" in mdstat.
enum class MdAction { idle, resync, recover, check, repair, reshape, frozen, unknown };

enum class MdPhase {
    none,     // nothing to do
    running,  //
    delayed,  // waits for another array on the same drives
    pending,  // waits for the first write (auto-read-only)
    remote,   // another node of the cluster does it
};

enum class MdMemberState {
    in_sync,
    rebuilding,  // has a place in the array and not yet its data
    spare,
    faulty,
    journal,
    replacement,  // is becoming the copy of a member that still works
    unknown,
};

// `word` is the kernel's; of a value that says "unknown" it is all that is known.
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
MdActionWord parse_md_action(std::string_view word);  // sysfs' words and mdstat's "recovery"

std::string_view to_string(MdLevel level);
std::string_view to_string(MdState state);
std::string_view to_string(MdAction action);
std::string_view to_string(MdPhase phase);
std::string_view to_string(MdMemberState state);

struct MdMember {
    std::string device;         // kernel name: "sda1", "dm-3", "cciss!c0d0p1"
    std::optional<int> number;  // mdstat's [N]: its number in the metadata, not its place
    std::optional<int> slot;    // its place in the array, from 0
    MdMemberState state = MdMemberState::unknown;
    std::vector<std::string>
        flags;  // what the kernel says besides: "write_mostly", "blocked", "want_replacement" …
    std::optional<double> errors;      // read errors that were corrected
    std::optional<double> bad_blocks;  // ranges in its list of bad blocks
};

// State of one place of the array.
enum class MdSlot { in_sync, rebuilding, missing };

struct MdArray {
    std::string device;   // "md0"
    std::string problem;  // not empty: (part of) its description makes no sense; the rest holds
                          // what was understood
    MdStateWord state;
    MdLevelWord level;
    std::optional<int> layout;  // as in sysfs; RAID 10: near | far << 8 | offset << 16 | sets << 17
    std::optional<int> raid_disks;         // places
    std::optional<int> former_raid_disks;  // during a reshape that changes their number
    std::optional<int> degraded;           // places that are not in sync
    std::vector<MdSlot> slots;             // one for each place, when known
    std::vector<MdMember> members;
    std::string metadata;  // "1.2", "0.90", "external:imsm", "none"; empty: unknown
    std::string
        uuid;  // as mdadm and udev write it, "01234567:89abcdef:01234567:89abcdef"; empty: unknown
    MdActionWord action;
    MdPhase phase = MdPhase::none;
    std::optional<double> progress;          // 0 to 1
    std::optional<Seconds> remaining;        // at the present speed
    std::optional<double> mismatch_sectors;  // of the last check, repair or resync
    std::string last_action;  // what ran last (sysfs last_sync_action); empty: unknown
    std::optional<double> component_bytes;  // of one member that the array uses
};

// A container of arrays with external metadata (Intel's imsm, SNIA's ddf): it is always "inactive"
// and never fails itself.
bool is_container(const MdArray& array);

// RAID 10: near, far and offset copies in the kernel's number (drivers/md/raid10.c, setup_geo).
int raid10_layout(int near_copies, int far_copies, bool offset, int far_sets);

// "near=2", "far=2", "offset=2", "left-symmetric"; the number itself when it is none that mdadm
// names; "" where it means nothing.
std::string describe_layout(MdLevel level, std::optional<int> layout);

}  // namespace lastgood
