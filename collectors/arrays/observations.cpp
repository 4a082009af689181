#include "collectors/arrays/observations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "collectors/arrays/redundancy.hpp"
#include "core/array_identity.hpp"
#include "core/metrics/array_risk.hpp"
#include "core/metrics/arrays.hpp"

namespace lastgood {

namespace {

constexpr size_t max_members_with_partners = 256;

bool cannot_run(const MdArray& array) {
    if (is_container(array)) return false;
    switch (array.state.value) {
        case MdState::inactive:
        case MdState::broken:
            return true;
        case MdState::clear:
        case MdState::suspended:
        case MdState::readonly:
        case MdState::read_auto:
        case MdState::clean:
        case MdState::active:
        case MdState::write_pending:
        case MdState::active_idle:
        case MdState::unknown:
            return false;
    }
    return false;
}

// The drives under a member; one empty id if none is known, so that the member is still observed.
std::set<std::string> drives_of(const Topology* topology, const std::string& device) {
    std::set<std::string> drives;
    if (topology != nullptr && !device.empty()) drives = topology->drives_under(device);
    if (drives.empty()) drives.insert("");
    return drives;
}

void observe_members(const MdArray& array, std::string_view id, const Topology* topology,
                     Timestamp now, Sink& sink) {
    std::set<int> taken;
    for (const MdMember& member : array.members) {
        const std::string slot = member.slot ? fmt::to_string(*member.slot) : std::string();
        if (member.slot && member.state != MdMemberState::faulty) taken.insert(*member.slot);
        for (const std::string& drive : drives_of(topology, member.device)) {
            sink.observe(metric::array_member, id, 1, now,
                         {{"drive", drive},
                          {"device", member.device},
                          {"slot", slot},
                          {"state", std::string(to_string(member.state))},
                          {"flags", fmt::format("{}", fmt::join(member.flags, ","))}});
            const Labels labels = {{"drive", drive}, {"device", member.device}};
            if (member.errors)
                sink.observe(metric::array_member_errors_total, id, *member.errors, now, labels);
            if (member.bad_blocks)
                sink.observe(metric::array_member_bad_blocks, id, *member.bad_blocks, now, labels);
        }
    }
    for (size_t i = 0; i < array.slots.size(); ++i) {
        if (array.slots[i] != MdSlot::missing || taken.contains(static_cast<int>(i))) continue;
        sink.observe(metric::array_member, id, 1, now,
                     {{"drive", ""},
                      {"device", ""},
                      {"slot", fmt::to_string(i)},
                      {"state", "missing"},
                      {"flags", ""}});
    }
}

// Of an array whose members are not all alike. `working`: members in sync.
void observe_partners(const MdArray& array, std::string_view id, const Topology* topology,
                      size_t working, Timestamp now, Sink& sink) {
    if (array.level.value != MdLevel::raid10 || working > max_members_with_partners) return;
    const std::vector<std::vector<int>> partners = partners_of(array);
    for (const MdMember& member : array.members) {
        if (member.state != MdMemberState::in_sync || !member.slot || *member.slot < 0 ||
            static_cast<size_t>(*member.slot) >= partners.size())
            continue;
        const std::vector<int>& of_this = partners[static_cast<size_t>(*member.slot)];
        if (of_this.empty() || of_this.size() + 1 >= working) continue;
        for (const MdMember& other : array.members) {
            if (other.state != MdMemberState::in_sync || !other.slot ||
                !std::binary_search(of_this.begin(), of_this.end(), *other.slot))
                continue;
            for (const std::string& drive : drives_of(topology, member.device))
                sink.observe(
                    metric::array_member_partner, id, 1, now,
                    {{"drive", drive}, {"device", member.device}, {"partner", other.device}});
        }
    }
}

void observe_redundancy(const MdArray& array, std::string_view id, const Topology* topology,
                        Timestamp now, Sink& sink) {
    if (is_container(array)) {
        sink.observe(metric::array_failed, id, 0, now);
        return;
    }
    const Redundancy redundancy = md_redundancy(array);
    const bool failed = cannot_run(array) || redundancy.failed;
    // An array in an unknown state is not reported as working.
    if (failed || (redundancy.known && array.state.value != MdState::unknown))
        sink.observe(metric::array_failed, id, failed ? 1 : 0, now);
    if (!redundancy.known || array.state.value == MdState::unknown) return;
    sink.observe(metric::array_survivable_failures, id, failed ? 0 : redundancy.survivable_failures,
                 now);
    sink.observe(metric::array_fatal_members, id,
                 failed ? 0.0 : static_cast<double>(redundancy.fatal_slots.size()), now);
    if (failed) return;
    const auto working =
        static_cast<size_t>(std::count(array.slots.begin(), array.slots.end(), MdSlot::in_sync));
    const bool all = working == redundancy.fatal_slots.size();
    if (working > 0)
        sink.observe(
            metric::array_next_loss_fatal_ratio, id,
            static_cast<double>(redundancy.fatal_slots.size()) / static_cast<double>(working), now);
    observe_partners(array, id, topology, working, now, sink);
    for (const MdMember& member : array.members) {
        if (member.state != MdMemberState::in_sync) continue;
        if (!member.slot && !all && !redundancy.fatal_slots.empty()) continue;  // unknown
        const bool fatal =
            all || (member.slot && std::binary_search(redundancy.fatal_slots.begin(),
                                                      redundancy.fatal_slots.end(), *member.slot));
        for (const std::string& drive : drives_of(topology, member.device))
            sink.observe(metric::array_member_fatal, id, fatal ? 1 : 0, now,
                         {{"drive", drive}, {"device", member.device}});
    }
}

// An unknown word of the kernel as a label: short and printable.
std::string clean_word(std::string_view word) {
    std::string text(word.substr(0, 32));
    for (char& c : text)
        if (c < '!' || c > '~') c = '?';
    return text;
}

void observe_sync(const MdArray& array, std::string_view id, Timestamp now, Sink& sink) {
    std::string action(to_string(array.action.value));
    if (array.action.value == MdAction::unknown && !array.action.word.empty())
        action = clean_word(array.action.word);
    sink.observe(metric::array_sync_action, id, 1, now,
                 {{"action", action}, {"phase", std::string(to_string(array.phase))}});
    if (array.phase != MdPhase::running) return;
    if (array.progress)
        sink.observe(metric::array_sync_progress_ratio, id, *array.progress, now,
                     {{"action", action}});
    if (array.remaining)
        sink.observe(metric::array_sync_remaining_seconds, id, *array.remaining, now,
                     {{"action", action}});
}

}  // namespace

std::string array_id(const MdArray& array) {
    return array.uuid.empty() ? array.device : md_array_id(array.uuid);
}

void complete_from_mdstat(MdArray& array, const MdArray& mdstat) {
    if (array.level.value == MdLevel::none && mdstat.level.value != MdLevel::unknown)
        array.level = mdstat.level;
    if (!array.raid_disks) array.raid_disks = mdstat.raid_disks;
    if (!array.degraded) array.degraded = mdstat.degraded;
    if (array.slots.empty()) array.slots = mdstat.slots;
    if (!array.layout) array.layout = mdstat.layout;
    if (array.metadata.empty()) array.metadata = mdstat.metadata;
    if (array.phase == MdPhase::none && mdstat.phase != MdPhase::none &&
        array.action.value == MdAction::idle) {
        array.action = mdstat.action;
        array.phase = mdstat.phase;
    }
    if (mdstat.phase == MdPhase::pending || mdstat.phase == MdPhase::remote)
        array.phase = mdstat.phase;
    if (array.phase != MdPhase::running || mdstat.phase != MdPhase::running) return;
    if (!array.progress) array.progress = mdstat.progress;
    if (!array.remaining) array.remaining = mdstat.remaining;
}

bool is_empty_array(const MdArray& array) {
    return array.problem.empty() && array.members.empty() &&
           (array.state.value == MdState::clear ||
            (array.state.value == MdState::inactive && array.raid_disks.value_or(0) == 0));
}

bool is_nameless(const MdArray& array) {
    if (!array.uuid.empty() || is_container(array)) return false;
    return array.state.value == MdState::inactive || array.state.value == MdState::clear ||
           array.level.value == MdLevel::none;
}

void observe_array(const MdArray& array, std::string_view id, std::string_view name,
                   const Topology* topology, Timestamp now, Sink& sink) {
    const std::string level(array.level.value == MdLevel::unknown ? clean_word(array.level.word)
                            : is_container(array)                 ? to_string(MdLevel::container)
                                                                  : to_string(array.level.value));
    sink.observe(metric::array_info, id, 1, now,
                 {{"device", array.device},
                  {"level", level},
                  {"layout", describe_layout(array.level.value, array.layout)},
                  {"metadata", array.metadata},
                  {"name", std::string(name)}});
    if (!is_nameless(array)) sink.observe(metric::array_present, id, 1, now);
    sink.observe(metric::array_readable, id, array.problem.empty() ? 1 : 0, now);
    if (!array.problem.empty()) {
        const bool lvm = array.metadata == metadata_dm_raid && !name.empty();
        sink.problem(id, {ErrorKind::malformed,
                          fmt::format("{}: {}", lvm ? name : std::string_view(array.device),
                                      array.problem)});
    }
    sink.observe(metric::array_state, id, 1, now,
                 {{"state", array.state.value == MdState::unknown && !array.state.word.empty()
                                ? clean_word(array.state.word)
                                : std::string(to_string(array.state.value))}});
    if (!is_container(array)) {
        if (array.raid_disks) sink.observe(metric::array_members, id, *array.raid_disks, now);
        if (array.degraded) sink.observe(metric::array_degraded_members, id, *array.degraded, now);
        const auto spares = std::count_if(
            array.members.begin(), array.members.end(),
            [](const MdMember& member) { return member.state == MdMemberState::spare; });
        // The kernel shows all members of an inactive array as spares.
        if (!cannot_run(array))
            sink.observe(metric::array_spare_members, id, static_cast<double>(spares), now);
        if (!cannot_run(array)) observe_sync(array, id, now, sink);
    }
    observe_members(array, id, topology, now, sink);
    observe_redundancy(array, id, topology, now, sink);
}

}  // namespace lastgood
