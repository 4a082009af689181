// Decides from the report whether a drive is safe to pull now. It goes through everything that
// stands on the drive: GO needs for each of them that an array can do without the drive, or that
// nothing uses it. Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/judgement.hpp"

namespace lastgood {

enum class PreflightVerdict { go, no_go, cannot_tell };

struct Preflight {
    PreflightVerdict verdict = PreflightVerdict::cannot_tell;
    std::vector<std::string> against;  // reasons not to pull it; only with `no_go`
    // For each of these: the array or other drive that something is wrong with; nullptr: none,
    // the drive would be needed on a healthy host, too.
    std::vector<const Subject*> because;
    std::vector<std::string> missing;  // what is not known; with `go` empty
    std::vector<std::string> notes;    // further facts, with any verdict
    std::vector<std::string> steps;    // what helps, the first first; with `go` empty
    std::string drive;                 // "sdb (MODEL, serial SERIAL)"

    // Adds a reason, and the step against it unless it is "" or there already.
    void forbid(std::string why, std::string step, const Subject* because_of = nullptr);
    void lack(std::string what, std::string step);
};

// Whether a program holds a block device for itself alone, as open(2) with O_EXCL finds out: mount
// points of other namespaces, ZFS, DRBD and iSCSI targets do.
enum class Held { no, yes, unknown };
using HeldBy = std::function<Held(std::string_view device)>;

// `drive` is the id of a drive in the report. `held` is asked for each device of it ("sda2") that
// nothing known uses. The verdict is cannot_tell if the report has no such drive, or if its age is
// above agent_silence (or as far in the future).
Preflight preflight(const Report& report, std::string_view drive, Timestamp now,
                    const HeldBy& held);
// The same for screens, of a drive in the judge's facts. No device is tried: `go` means only that
// nothing in the report forbids it.
Preflight preflight(const Judge& judge, const Subject& drive);

}  // namespace lastgood
