// Streams that missed their slots.
#include "collectors/backups/slots.hpp"

#include <doctest/doctest.h>

#include "core/metrics/backups.hpp"
#include "tests/temporary_directory.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp now = 1795694400;   // Thu 2026-11-26 12:00:00 UTC
constexpr Timestamp slot = 1795643999;  // a second before Wed 22:00

StreamState stream(const char* name, std::optional<NewestCopy> newest, bool readable = true) {
    StreamState one{name, "", {}, readable};
    if (newest) one.state.newest.push_back(*newest);
    return one;
}

// How many streams missed the slot of the last night.
std::optional<double> missed(const std::vector<StreamState>& streams) {
    const test::TemporaryDirectory root;
    Backup whole;
    whole.name = "vms";
    whole.plan.schedule = "22:00 UTC";
    whole.plan.slots[3] = {"a", "b"};
    MemorySink sink;
    observe_missed_slots(Host(root.path), sink, whole, streams, now);
    for (const Observation& one : sink.observations)
        if (one.metric == &metric::backup_missed_slots) return one.value;
    return std::nullopt;
}

}  // namespace

TEST_CASE("a slot is missed by a stream that has no copy of it, or none at all") {
    const NewestCopy late{slot - 301, Confidence::exact}, good{slot + 1, Confidence::exact};
    CHECK(missed({stream("a", good), stream("b", good)}) == 0);
    CHECK(missed({stream("a", late), stream("b", good)}) == 1);
    CHECK(missed({stream("a", late), stream("b", std::nullopt)}) == 2);
    CHECK(missed({stream("c", late)}) == 0);  // it has no slot
    // The clocks of two hosts differ.
    CHECK(missed({stream("a", NewestCopy{slot - 298, Confidence::exact})}) == 0);
}

TEST_CASE("a stream that cannot be read, or whose newest copy proves nothing, missed no slot") {
    const NewestCopy late{slot - 301, Confidence::exact};
    CHECK(missed({stream("a", late), stream("b", late, false)}) == 1);
    CHECK(missed({stream("a", NewestCopy{now, Confidence::activity})}) == 0);
}
