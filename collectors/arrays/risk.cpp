#include "collectors/arrays/risk.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/metrics/array_risk.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/latency.hpp"
#include "core/preflight_rebuild.hpp"

namespace lastgood {

namespace {

struct DriveFacts {
    bool errors = false;
    bool slow = false;
    std::string_view model, firmware;
    double power_on = 0;
    std::optional<Seconds> self_test_age;  // of an extended one
    bool self_test_passed = false;

    bool in_trouble() const { return errors || slow; }
    bool is_like(const DriveFacts& other) const {
        return !model.empty() && model == other.model && !firmware.empty() &&
               firmware == other.firmware && are_of_one_age(power_on, other.power_on);
    }
};

struct MemberFacts {
    std::string_view drive, device, state;
    bool fatal = false;
    std::set<std::string_view> partners;
};

struct ArrayFacts {
    std::vector<MemberFacts> members;
    bool failed = false;
    double missing = 0;
    std::optional<double> survives;
    std::optional<Timestamp> checked;  // or first seen

    MemberFacts* find(const Observation& one) {
        for (MemberFacts& member : members)
            if (member.device == one.label("device") && member.drive == one.label("drive"))
                return &member;
        return nullptr;
    }
};

using Drives = std::map<std::string_view, DriveFacts>;
using Arrays = std::map<std::string_view, ArrayFacts>;

void read_drive(const Observation& one, Drives& drives) {
    const Metric* metric = one.metric;
    DriveFacts& drive = drives[one.subject];
    if (metric == &metric::drive_info) {
        drive.model = one.label("model");
        drive.firmware = one.label("firmware");
    } else if (metric == &metric::drive_power_on_seconds) {
        drive.power_on = one.value;
    } else if (metric == &metric::drive_self_test_failed) {
        drive.self_test_passed = one.value == 0;
    } else if (metric == &metric::drive_self_test_age_seconds) {
        if (one.label("type") == "extended") drive.self_test_age = one.value;
    } else if (metric == &metric::drive_slow_ratio) {
        drive.slow = drive.slow || one.label("pace") == "slow";
    } else if (metric == &metric::drive_smart_passed || metric == &metric::drive_answering ||
               metric == &metric::drive_present) {
        drive.errors = drive.errors || one.value == 0;
    } else if (metric == &metric::drive_pending_sectors ||
               metric == &metric::drive_offline_uncorrectable_sectors ||
               metric == &metric::drive_attributes_failing ||
               metric == &metric::drive_kernel_errors_recent) {
        drive.errors = drive.errors || one.value > 0;
    }
}

void read_array(const Observation& one, Arrays& arrays) {
    const Metric* metric = one.metric;
    ArrayFacts& array = arrays[one.subject];
    if (metric == &metric::array_member)
        array.members.push_back(
            {one.label("drive"), one.label("device"), one.label("state"), false, {}});
    else if (metric == &metric::array_failed)
        array.failed = one.value == 1;
    else if (metric == &metric::array_degraded_members)
        array.missing = one.value;
    else if (metric == &metric::array_survivable_failures)
        array.survives = one.value;
    else if (metric == &metric::array_last_check_timestamp_seconds)
        array.checked = one.value;
}

// What speaks of members that read_array() has found.
void read_member(const Observation& one, Arrays& arrays) {
    const bool fatal = one.metric == &metric::array_member_fatal;
    if (!fatal && one.metric != &metric::array_member_partner) return;
    MemberFacts* member = arrays[one.subject].find(one);
    if (member == nullptr) return;
    if (fatal)
        member->fatal = one.value == 1;
    else
        member->partners.insert(one.label("partner"));
}

bool was_read(const ArrayFacts& array, const DriveFacts& drive, Timestamp now) {
    if (array.checked && now - *array.checked <= unread_limit) return true;
    return drive.self_test_passed && drive.self_test_age && *drive.self_test_age <= unread_limit;
}

// The members in sync whose drives are in trouble.
std::vector<const MemberFacts*> troubled(const ArrayFacts& array, const Drives& drives) {
    std::vector<const MemberFacts*> found;
    for (const MemberFacts& member : array.members) {
        const auto drive = drives.find(member.drive);
        if (member.state == "in_sync" && drive != drives.end() && drive->second.in_trouble())
            found.push_back(&member);
    }
    return found;
}

// Whether the array is lost if this member fails, and those in trouble that it would need.
bool must_survive(const ArrayFacts& array, const MemberFacts& member,
                  const std::vector<const MemberFacts*>& in_trouble) {
    // Where nothing is redundant, the drive's own finding says enough.
    if (member.fatal) return array.missing > 0;
    const bool pairs = std::ranges::any_of(
        array.members, [](const MemberFacts& one) { return !one.partners.empty(); });
    if (!pairs)
        return array.survives >= 1 && static_cast<double>(in_trouble.size()) > *array.survives;
    return std::ranges::any_of(in_trouble, [&](const MemberFacts* other) {
        return other->partners.contains(member.device);
    });
}

void judge(std::string_view id, const ArrayFacts& array, const Drives& drives, Timestamp now,
           Sink& sink) {
    const auto told = [&](const MemberFacts& member, const char* risk) {
        sink.observe(metric::array_member_risk, id, 1, now,
                     {{"drive", std::string(member.drive)},
                      {"device", std::string(member.device)},
                      {"risk", risk}});
    };
    const std::vector<const MemberFacts*> in_trouble = troubled(array, drives);
    for (const MemberFacts* member : in_trouble) {
        if (!must_survive(array, *member, in_trouble)) continue;
        told(*member, drives.at(member->drive).errors ? "errors" : "slow");
    }
    if (array.missing == 0) return;
    for (const MemberFacts& member : array.members) {
        const auto drive = drives.find(member.drive);
        if (!member.fatal || drive == drives.end()) continue;
        if (!was_read(array, drive->second, now)) told(member, "unread");
        const bool alike = std::ranges::any_of(array.members, [&](const MemberFacts& lost) {
            const auto other = drives.find(lost.drive);
            return lost.state == "faulty" && other != drives.end() && other != drive &&
                   drive->second.is_like(other->second);
        });
        if (alike) told(member, "alike");
    }
}

}  // namespace

void derive_risks(const Knowledge& knowledge, Sink& sink) {
    Drives drives;
    Arrays arrays;
    for (const Observation& one : knowledge.observations) {
        if (one.metric->subject == SubjectKind::drive) read_drive(one, drives);
        if (one.metric->subject == SubjectKind::array) read_array(one, arrays);
    }
    if (arrays.empty()) return;
    for (const Observation& one : knowledge.observations) read_member(one, arrays);
    for (auto& [id, array] : arrays) {
        // An array that was never seen to be checked is unread since it was first seen.
        if (!array.checked)
            array.checked =
                knowledge.first_seen(SubjectKind::array, std::string(id)).value_or(knowledge.now);
        if (!array.failed) judge(id, array, drives, knowledge.now, sink);
    }
}

}  // namespace lastgood
