// What stays known of subjects that a run did not read.
#include "agent/supervise/batch.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "core/metrics/backups.hpp"

using namespace lastgood;

namespace {

const Metric& readable = metric::backup_readable;
const Metric& size = metric::backup_size_bytes;

Observation one(const Metric& metric, const char* subject, double value, Timestamp at) {
    return {&metric, subject, {}, value, at};
}

// "b size 7, b/1 readable 0", and the subjects of the problems.
std::string text_of(const Batch& batch) {
    std::vector<std::string> parts;
    for (const Observation& observation : batch.observations)
        parts.push_back(fmt::format("{} {} {}", observation.subject,
                                    observation.metric == &readable ? "readable" : "size",
                                    observation.value));
    std::ranges::sort(parts);
    for (const auto& [subject, error] : batch.problems) parts.push_back("problem of " + subject);
    return fmt::format("{}", fmt::join(parts, ", "));
}

// Of the backups "a" and "b" with its stream "b/1", all read at 100.
Batch look_before() {
    Batch batch;
    for (const char* subject : {"a", "b", "b/1"}) {
        batch.observations.push_back(one(readable, subject, 1, 100));
        batch.observations.push_back(one(size, subject, 7, 100));
    }
    add_problem(batch, "b", {ErrorKind::failed, "x"});
    return batch;
}

std::string kept(Batch now, Timestamp oldest = 50) {
    Batch before = look_before();
    keep_values_of_unread(before, now, {"a", "b"}, &readable, oldest);
    return text_of(now);
}

}  // namespace

TEST_CASE("what was known of a member stays, until it was read too long ago") {
    Batch now;
    now.observations = {one(readable, "a", 1, 200), one(size, "a", 9, 200)};
    CHECK(kept(now) ==
          "a readable 1, a size 9, b readable 1, b size 7, b/1 readable 1, b/1 size 7, "
          "problem of b");
    // The agent says so of the member itself.
    CHECK(kept(now, 101) ==
          "a readable 1, a size 9, b size 7, b/1 readable 0, b/1 size 7, problem of b");
}

TEST_CASE("a member whose look began and did not end is not readable, and keeps what is not told") {
    Batch now;
    now.observations = {one(readable, "a", 1, 200), one(size, "b", 8, 200)};
    CHECK(kept(now) == "a readable 1, b size 8, b/1 readable 0, b/1 size 7");
}

TEST_CASE("of a member that was read nothing old stays") {
    Batch now;
    now.observations = {one(readable, "a", 1, 200), one(readable, "b", 0, 200)};
    CHECK(kept(now) == "a readable 1, b readable 0");
}
