#include "collectors/arrays/observations.hpp"

#include <doctest/doctest.h>

#include <set>

#include "collectors/arrays/parse/mdstat.hpp"
#include "core/metrics/arrays.hpp"
#include "core/report.hpp"
#include "tests/select.hpp"

using namespace lastgood;

namespace {

MdMember member(const char* device, MdMemberState state, std::optional<int> slot) {
    MdMember made;
    made.device = device;
    made.state = state;
    made.slot = slot;
    return made;
}

// A RAID 10 of two pairs without the second member of the first pair.
MdArray half_a_pair() {
    MdArray array;
    array.device = "md0";
    array.state = parse_md_state("clean");
    array.level = parse_md_level("raid10");
    array.layout = raid10_layout(2, 1, false, 0);
    array.raid_disks = 4;
    array.degraded = 1;
    array.slots = {MdSlot::in_sync, MdSlot::missing, MdSlot::in_sync, MdSlot::in_sync};
    array.members = {member("sda", MdMemberState::in_sync, 0),
                     member("sdc", MdMemberState::in_sync, 2),
                     member("sdd", MdMemberState::in_sync, 3)};
    return array;
}

std::vector<Observation> observed(const MdArray& array) {
    MemorySink sink;
    observe_array(array, "id", "", nullptr, 1000, sink);
    return sink.observations;
}

// "device=value" of each member of a metric.
std::set<std::string> by_device(const MdArray& array, const Metric& metric) {
    std::set<std::string> found;
    const auto observations = observed(array);
    for (const Observation* one : test::select(observations, metric, "id"))
        found.insert(std::string(one->label("device")) + "=" + (one->value == 1 ? "1" : "0"));
    return found;
}

std::set<std::string> states(const MdArray& array) {
    std::set<std::string> found;
    const auto observations = observed(array);
    for (const Observation* one : test::select(observations, metric::array_member, "id"))
        found.insert(std::string(one->label("device")) + "@" + std::string(one->label("slot")) +
                     " " + std::string(one->label("state")));
    return found;
}

}  // namespace

TEST_CASE("array_member_fatal is observed for members whose slot is known") {
    MdArray array = half_a_pair();
    CHECK(by_device(array, metric::array_member_fatal) ==
          std::set<std::string>{"sda=1", "sdc=0", "sdd=0"});
    array.members[0].slot.reset();
    CHECK(by_device(array, metric::array_member_fatal) == std::set<std::string>{"sdc=0", "sdd=0"});
    // Where each is fatal, or none, the place does not matter.
    array.slots = {MdSlot::in_sync, MdSlot::in_sync, MdSlot::in_sync, MdSlot::in_sync};
    CHECK(by_device(array, metric::array_member_fatal) ==
          std::set<std::string>{"sda=0", "sdc=0", "sdd=0"});
    array.slots = {MdSlot::in_sync, MdSlot::missing, MdSlot::missing, MdSlot::in_sync};
    array.members.pop_back();
    CHECK(by_device(array, metric::array_member_fatal) == std::set<std::string>{"sda=1", "sdc=1"});
}

TEST_CASE("the slot of a removed or faulty member is observed as missing") {
    MdArray array = half_a_pair();
    const std::set<std::string> missing = {"sda@0 in_sync", "sdc@2 in_sync", "sdd@3 in_sync",
                                           "@1 missing"};
    CHECK(states(array) == missing);
    array.members.push_back(member("sdb", MdMemberState::faulty, 1));
    auto faulty = missing;
    faulty.insert("sdb@1 faulty");
    CHECK(states(array) == faulty);
    // A replacement that has the place fills it.
    array.members.back().state = MdMemberState::replacement;
    CHECK_FALSE(states(array).contains("@1 missing"));
}

TEST_CASE("complete_from_mdstat adds what sysfs lacks") {
    const auto mdstat = [](const char* line) {
        return parse_mdstat(std::string("md0 : active (auto-read-only) raid1 sda1[0] sdb1[1]\n"
                                        "      100 blocks super 1.2 [2/2] [UU]\n      ") +
                            line + "\n")
            .arrays.at(0);
    };
    MdArray array = half_a_pair();
    array.action = parse_md_action("resync");
    array.phase = MdPhase::running;
    for (const auto& [line, phase] :
         {std::pair("resync=PENDING", MdPhase::pending), {"resync=REMOTE", MdPhase::remote}}) {
        MdArray completed = array;
        complete_from_mdstat(completed, mdstat(line));
        CHECK(completed.phase == phase);
        CHECK(observed(completed).size() == observed(array).size());
    }
    MdArray running = array;
    complete_from_mdstat(running,
                         mdstat("[==>...]  resync = 12.5% (125/1000) finish=2.0min speed=1K/sec"));
    CHECK(running.phase == MdPhase::running);
    CHECK(running.progress == 0.125);
    CHECK(running.remaining == 120.0);
    // What sysfs has itself stays.
    MdArray known = array;
    known.progress = 0.5;
    complete_from_mdstat(known,
                         mdstat("[==>...]  resync = 12.5% (125/1000) finish=2.0min speed=1K/sec"));
    CHECK(known.progress == 0.5);
    CHECK(known.raid_disks == 4);
}

TEST_CASE("is_empty_array: no members and never assembled") {
    MdArray array;
    array.state = parse_md_state("clear");
    CHECK(is_empty_array(array));
    array.state = parse_md_state("inactive");
    CHECK(is_empty_array(array));
    array.raid_disks = 4;  // it has a shape: its members are gone
    CHECK_FALSE(is_empty_array(array));
    array.raid_disks = 0;
    array.problem = "unreadable";
    CHECK_FALSE(is_empty_array(array));
    array.problem.clear();
    array.members.push_back(member("sda", MdMemberState::spare, std::nullopt));
    CHECK_FALSE(is_empty_array(array));
}

TEST_CASE("is_container: external metadata with a format's name") {
    MdArray array;
    for (const auto& [metadata, container] :
         {std::pair("external:imsm", true),
          {"external:ddf", true},
          {"external:/md127/0", false},
          {"external:-md127/0", false},  // while mdmon must not touch it
          {"external:", false},
          {"1.2", false},
          {"", false}}) {
        array.metadata = metadata;
        CHECK_MESSAGE(is_container(array) == container, array.metadata);
    }
    array.metadata = "external:imsm";
    array.level = parse_md_level("raid1");
    CHECK_FALSE(is_container(array));
}
