#include "core/preflight.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "core/metrics/arrays.hpp"
#include "core/metrics/drives.hpp"
#include "core/preflight_arrays.hpp"
#include "core/preflight_backups.hpp"
#include "core/utf8.hpp"

namespace lastgood {

namespace {

void add_step(Preflight& result, std::string step) {
    if (!step.empty() && std::ranges::find(result.steps, step) == result.steps.end())
        result.steps.push_back(std::move(step));
}

// A device that no filesystem, swap, volume or signature is on.
void judge_unused(const std::string& device, Held held, Preflight& result) {
    switch (held) {
        case Held::no:
            result.notes.push_back(fmt::format("nothing uses {}", device));
            break;
        case Held::yes:
            result.lack(fmt::format("which program holds {}", device),
                        fmt::format("fuser -v /dev/{}", device));
            break;
        case Held::unknown:
            result.lack(fmt::format("whether a program holds {}: that could not be tried", device),
                        "Run this as root.");
            break;
    }
}

// udev keeps quiet about a signature that it could not read.
bool cannot_be_read(const Subject& drive) {
    return drive.value(metric::drive_answering) == 0.0 ||
           std::ranges::any_of(drive.observations, [](const Observation* one) {
               return one->metric == &metric::drive_kernel_errors_recent && one->value > 0;
           });
}

bool another_drive_boots(const Facts& facts, const Subject& drive) {
    return std::ranges::any_of(facts.of(SubjectKind::drive), [&](const Subject* other) {
        return other != &drive &&
               std::ranges::any_of(other->observations, [](const Observation* one) {
                   return one->metric == &metric::drive_use && one->label("use") == "boot";
               });
    });
}

void judge_boot(const Facts& facts, const Subject& drive, const std::string& device,
                Preflight& result) {
    if (another_drive_boots(facts, drive))
        result.notes.push_back(
            fmt::format("{} holds a boot loader; see that the other drive's is as new", device));
    else
        result.forbid(
            fmt::format("{} holds the only boot loader: this host could not start again", device),
            "Install a boot loader on another drive.");
}

// Something that stands on the drive with no array between.
void judge_use(const Facts& facts, const Subject& drive, const Observation& use, const HeldBy& held,
               Preflight& result) {
    const std::string device = harmless(use.label("device"));
    const std::string name = harmless(use.label("name"));
    const std::string_view kind = use.label("use");
    const std::string look = fmt::format("See what it holds: lsblk -f /dev/{}", device);
    if (kind == "filesystem")
        result.forbid(fmt::format("filesystem {} is on {} without redundancy", name, device),
                      name == "/"
                          ? "The running system is on /: back it up, and shut the host down first."
                          : fmt::format("Move what is in {} elsewhere and unmount it.", name));
    else if (kind == "swap")
        result.forbid(
            fmt::format("swap is on {} without redundancy: programs that are swapped out die",
                        device),
            fmt::format("swapoff {}", name));
    else if (kind == "volume")
        result.lack(fmt::format("what uses {} on {}: no filesystem of it is mounted here, but a "
                                "virtual machine or a program may use it",
                                name, device),
                    look);
    else if (kind == "content")
        result.lack(
            fmt::format("whether {} is needed: it holds {} that is not in use here", device, name),
            look);
    else if (kind == "volumes")
        result.lack(
            fmt::format("whether {} holds a volume that is not active: only LVM knows", device),
            fmt::format("See what lies on it: pvdisplay -m /dev/{}", device));
    else if (kind == "boot")
        judge_boot(facts, drive, device, result);
    else if (kind == "none" && cannot_be_read(drive))
        result.lack(fmt::format("whether {} is empty: udev found nothing there, but the drive has "
                                "errors",
                                device),
                    look);
    else if (kind == "none")
        judge_unused(std::string(use.label("device")), held(use.label("device")), result);
    else
        result.lack(fmt::format("what {} holds: udev does not know it", device), look);
}

// Whether the device is a member of an array, whatever its state: the array holds it, and says
// what that means.
bool is_member(const Judge& judge, const Subject& drive, std::string_view device) {
    return std::ranges::any_of(judge.relations().memberships_of(drive), [&](const auto* one) {
        return one->member->label("device") == device;
    });
}

void judge_uses(const Judge& judge, const Subject& drive, const std::vector<JudgedArray>& arrays,
                const HeldBy& held, Preflight& result) {
    bool any = false;
    for (const Observation* use : drive.observations) {
        if (use->metric != &metric::drive_use) continue;
        any = true;
        const std::string_view array = use->label("array"), kind = use->label("use");
        if ((kind == "none" || kind == "content") && is_member(judge, drive, use->label("device")))
            continue;
        if (array.empty())
            judge_use(judge.facts(), drive, *use, held, result);
        else if (std::ranges::find(arrays, array, &JudgedArray::id) == arrays.end())
            result.lack(
                fmt::format("the state of the array that {} is in", harmless(use->label("device"))),
                "");
    }
    if (!any) result.lack(fmt::format("what stands on {}", drive.name()), "");
}

// "/srv (array md0), swap on /dev/dm-1"
std::string list_uses(const Facts& facts, const Subject& drive) {
    std::string text;
    for (const Observation* use : drive.observations) {
        const std::string_view kind = use->label("use");
        if (use->metric != &metric::drive_use || use->label("name").empty()) continue;
        text += text.empty() ? "" : ", ";
        if (kind != "filesystem") text += fmt::format("{} ", harmless(kind));
        text += harmless(use->label("name"));
        if (const Subject* array = facts.find(SubjectKind::array, use->label("array")))
            text += fmt::format(" (array {})", array->name());
    }
    return text;
}

// Where to find it, and how to make its light blink; "" if the host cannot tell.
std::string slot_of(const Subject& drive) {
    const Observation* slot = drive.first(metric::drive_slot);
    if (slot == nullptr) return {};
    return fmt::format("it is in slot \"{}\" of enclosure {}; its light: ledctl locate=/dev/{}",
                       harmless(slot->label("slot")), harmless(slot->label("enclosure")),
                       drive.name());
}

PreflightVerdict verdict_of(const Preflight& result) {
    if (!result.against.empty()) return PreflightVerdict::no_go;
    return result.missing.empty() ? PreflightVerdict::go : PreflightVerdict::cannot_tell;
}

}  // namespace

void Preflight::forbid(std::string why, std::string step, const Subject* because_of) {
    against.push_back(std::move(why));
    because.push_back(because_of);
    add_step(*this, std::move(step));
}

void Preflight::lack(std::string what, std::string step) {
    missing.push_back(std::move(what));
    add_step(*this, std::move(step));
}

namespace {

Preflight ask(const Judge& judge, const Subject& drive, const HeldBy& held) {
    Preflight result;
    result.drive = drive_name(drive);
    const Seconds age = judge.now() - judge.report().written_at;
    if (std::abs(age) > agent_silence) {
        result.lack(fmt::format("what is so now: the report is {}",
                                age < 0 ? "from the future" : format_duration(age) + " old"),
                    "See whether the agent runs: lastgood status");
        return result;
    }
    if (const std::string uses = list_uses(judge.facts(), drive); !uses.empty())
        result.notes.push_back(fmt::format("on it: {}", uses));
    if (const std::string slot = slot_of(drive); !slot.empty()) result.notes.push_back(slot);
    const std::vector<JudgedArray> arrays = judge_arrays(judge, drive, result);
    judge_uses(judge, drive, arrays, held, result);
    judge_backups(judge, drive, arrays, result);
    result.verdict = verdict_of(result);
    return result;
}

}  // namespace

Preflight preflight(const Judge& judge, const Subject& drive) {
    return ask(judge, drive, [](std::string_view) { return Held::no; });
}

Preflight preflight(const Report& report, std::string_view drive, Timestamp now,
                    const HeldBy& held) {
    const Facts facts(report);
    if (const Subject* subject = facts.find(SubjectKind::drive, drive))
        return ask(Judge(report, facts, now), *subject, held);
    Preflight result;
    result.drive = harmless(drive);
    result.lack("whether there is such a drive", "");
    return result;
}

}  // namespace lastgood
