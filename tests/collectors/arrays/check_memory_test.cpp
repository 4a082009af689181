#include "collectors/arrays/check_memory.hpp"

#include <doctest/doctest.h>

using namespace lastgood;

namespace {

MdArray idle() {
    MdArray array;
    array.action = parse_md_action("idle");
    array.component_bytes = 4e12;
    return array;
}

MdArray running(const char* action, double progress, std::optional<Seconds> remaining) {
    MdArray array = idle();
    array.action = parse_md_action(action);
    array.phase = MdPhase::running;
    array.progress = progress;
    array.remaining = remaining;
    return array;
}

// The end of the last check after polls at 1000 and 1030 s.
Timestamp checked_after(const MdArray& first, const MdArray& then) {
    CheckMemory memory;
    follow_check(first, 1000, memory);
    CHECK(memory.checked == 0);
    follow_check(then, 1030, memory);
    return memory.checked;
}

}  // namespace

TEST_CASE("a check near its end counts as complete, any other as stopped") {
    for (const char* action : {"check", "repair"}) {
        CAPTURE(action);
        // Up to twice the time since the last poll, plus 5 s, may have been left.
        CHECK(checked_after(running(action, 0.5, 65), idle()) == 1030);
        CHECK(checked_after(running(action, 0.5, 66), idle()) == 0);
        CHECK(checked_after(running(action, 0.996, std::nullopt), idle()) == 1030);
        CHECK(checked_after(running(action, 0.995, std::nullopt), idle()) == 0);
        MdArray small = running(action, 0.1, 10000);
        small.component_bytes = 512.0 * 1024 * 1024;
        MdArray small_and_idle = idle();
        small_and_idle.component_bytes = small.component_bytes;
        CHECK(checked_after(small, small_and_idle) == 1030);
    }
    CHECK(checked_after(running("resync", 0.999, 1), idle()) == 0);
    CHECK(checked_after(running("recover", 0.999, 1), idle()) == 0);
    CHECK(checked_after(idle(), idle()) == 0);
}

TEST_CASE("a check that another action interrupts is not complete") {
    CheckMemory memory;
    follow_check(running("check", 0.99, 5), 1000, memory);
    follow_check(running("recover", 0.01, 5000), 1030, memory);
    follow_check(idle(), 1060, memory);
    CHECK(memory.checked == 0);
    CHECK_FALSE(memory.checking);
}

TEST_CASE("a delayed check is still a check") {
    CheckMemory memory;
    follow_check(running("check", 0.5, 100), 1000, memory);
    MdArray delayed = running("check", 0.5, 100);
    delayed.phase = MdPhase::delayed;
    follow_check(delayed, 1030, memory);
    CHECK(memory.checking);
    follow_check(running("check", 0.9, 10), 5000, memory);
    follow_check(idle(), 5010, memory);
    CHECK(memory.checked == 5010);
}

TEST_CASE("the cursor keeps the last check, not a running one") {
    CheckMemories memories;
    memories["a"].checked = 1789000000;
    memories["b"].checking = true;
    const CheckMemories read = checks_from_cursor(to_cursor(memories));
    REQUIRE(read.size() == 1);
    CHECK(read.at("a").checked == 1789000000);
    CHECK(checks_from_cursor("").empty());
    CHECK(checks_from_cursor("[1]").empty());
}

TEST_CASE("mismatches of kernels without last_sync_action are valid after a check") {
    MdArray array = idle();
    array.mismatch_sectors = 8;
    CheckMemory memory;
    CHECK_FALSE(mismatches_are_valid(array, memory));
    memory.checked = 1000;
    CHECK(mismatches_are_valid(array, memory));
    array.mismatch_sectors.reset();
    CHECK_FALSE(mismatches_are_valid(array, memory));
    array.mismatch_sectors = 0;
    CHECK(mismatches_are_valid(array, memory));
    // A running check: none so far is not a result.
    MdArray checking = running("check", 0.5, 100);
    checking.mismatch_sectors = 0;
    CHECK_FALSE(mismatches_are_valid(checking, memory));
    checking.mismatch_sectors = 8;
    CHECK(mismatches_are_valid(checking, memory));
}
