// Checks preflight from md's state to the verdict against brute force: for every level, number of
// members, set of lost members and state of the array.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>
#include <bit>

#include "collectors/arrays/observations.hpp"
#include "collectors/arrays/redundancy.hpp"
#include "core/metrics/agent.hpp"
#include "core/metrics/drives.hpp"
#include "core/preflight.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp now = 1'800'000'000;

std::string name_of(int slot) {
    return fmt::format("sd{}", static_cast<char>('a' + slot));
}

// True if all data can be read from the members in `alive`, a bit mask.
bool readable(MdLevel level, int layout, int disks, unsigned alive) {
    const int lost = disks - std::popcount(alive);
    switch (level) {
        case MdLevel::linear:
        case MdLevel::raid0:
            return lost == 0;
        case MdLevel::raid1:
            return alive != 0;
        case MdLevel::raid4:
        case MdLevel::raid5:
            return lost <= 1;
        case MdLevel::raid6:
            return lost <= 2;
        case MdLevel::raid10:
            return std::ranges::all_of(raid10_copy_sets(layout, disks), [&](const auto& slots) {
                return std::ranges::any_of(slots,
                                           [&](int slot) { return (alive >> slot & 1U) != 0; });
            });
        case MdLevel::none:
        case MdLevel::multipath:
        case MdLevel::faulty:
        case MdLevel::container:
        case MdLevel::unknown:
            break;
    }
    return false;
}

// The array with the members in `alive`, and its drives, which are healthy and hold nothing else.
Report report_of(MdLevel level, int layout, int disks, unsigned alive, MdState state) {
    MdArray array;
    array.device = "md0";
    array.level.value = level;
    array.state = {state, std::string(to_string(state))};
    if (level == MdLevel::raid10) array.layout = layout;
    array.raid_disks = disks;
    array.degraded = disks - std::popcount(alive);
    Topology topology;
    Report report;
    report.written_at = now;
    for (int slot = 0; slot < disks; ++slot) {
        const bool here = (alive >> slot & 1U) != 0;
        array.slots.push_back(here ? MdSlot::in_sync : MdSlot::missing);
        if (!here) continue;
        const std::string device = name_of(slot);
        MdMember member;
        member.device = device;
        member.slot = slot;
        member.state = MdMemberState::in_sync;
        array.members.push_back(member);
        Drive drive;
        drive.id = drive.device = device;
        topology.drives.emplace(device, drive);
        BlockDevice block;
        block.name = device;
        block.kind = BlockKind::drive;
        topology.devices.emplace(device, block);
        const auto add = [&](const Metric& metric, double value, Labels labels) {
            report.observations.push_back({&metric, device, std::move(labels), value, now});
        };
        add(metric::drive_info, 1, {{"device", device}});
        add(metric::drive_read_timestamp_seconds, now - 60, {});
        add(metric::drive_use, 1,
            {{"device", device}, {"use", "swap"}, {"name", "/dev/md0"}, {"array", "md0"}});
    }
    report.observations.push_back({&metric::collector_success, "kernel_log", {}, 1, now});
    MemorySink sink;
    observe_array(array, "md0", "", &topology, now, sink);
    report.observations.insert(report.observations.end(), sink.observations.begin(),
                               sink.observations.end());
    return report;
}

PreflightVerdict verdict(const Report& report, int slot) {
    return preflight(report, name_of(slot), now, [](std::string_view) { return Held::no; }).verdict;
}

void check(MdLevel level, int layout, int disks) {
    const unsigned all = (1U << disks) - 1;
    for (unsigned alive = 1; alive <= all; ++alive) {
        if (!readable(level, layout, disks, alive)) continue;
        const Report report = report_of(level, layout, disks, alive, MdState::active);
        for (int slot = 0; slot < disks; ++slot) {
            if ((alive >> slot & 1U) == 0) continue;
            CAPTURE(fmt::format("{} of {}, layout {:#x}, alive {:b}: pull {}", to_string(level),
                                disks, layout, alive, name_of(slot)));
            const bool survives = readable(level, layout, disks, alive & ~(1U << slot));
            CHECK(verdict(report, slot) ==
                  (survives ? PreflightVerdict::go : PreflightVerdict::no_go));
        }
    }
}

}  // namespace

TEST_CASE("preflight of every level, number of members and set of losses") {
    for (const MdLevel level : {MdLevel::linear, MdLevel::raid0, MdLevel::raid1, MdLevel::raid4,
                                MdLevel::raid5, MdLevel::raid6})
        for (int disks = 1; disks <= 6; ++disks) {
            if (level == MdLevel::raid6 && disks < 4) continue;
            if ((level == MdLevel::raid4 || level == MdLevel::raid5) && disks < 2) continue;
            check(level, 0, disks);
        }
    for (int disks = 2; disks <= 6; ++disks)
        for (const int layout : {raid10_layout(2, 1, false, 0), raid10_layout(1, 2, false, 0),
                                 raid10_layout(1, 2, true, 0), raid10_layout(3, 1, false, 0)})
            if (!raid10_copy_sets(layout, disks).empty()) check(MdLevel::raid10, layout, disks);
}

TEST_CASE("preflight of an array in each state") {
    for (const MdState state :
         {MdState::clear, MdState::inactive, MdState::suspended, MdState::readonly,
          MdState::read_auto, MdState::clean, MdState::active, MdState::write_pending,
          MdState::active_idle, MdState::broken, MdState::unknown}) {
        CAPTURE(to_string(state));
        const bool runs = state != MdState::clear && state != MdState::inactive &&
                          state != MdState::suspended && state != MdState::broken &&
                          state != MdState::unknown;
        const Report report = report_of(MdLevel::raid1, 0, 3, 7, state);
        CHECK((verdict(report, 0) == PreflightVerdict::go) == runs);
    }
}
