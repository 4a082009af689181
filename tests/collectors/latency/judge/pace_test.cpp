#include "collectors/latency/judge/pace.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "collectors/latency/judge/minute_maker.hpp"
#include "collectors/latency/memory.hpp"

using namespace lastgood;

namespace {

constexpr Seconds day = 86400;

std::vector<MemberTraits> drives(size_t count, DriveClass kind = DriveClass::rotating) {
    std::vector<MemberTraits> members;
    for (size_t i = 0; i < count; ++i) members.push_back({fmt::format("d{}", i), "M", kind});
    return members;
}

// A minute of small requests.
Minute minute(Seconds read, Seconds write, double count = 600) {
    Minute made;
    made.parts[0] = {count, count * 32, count * read};
    made.parts[1] = {count, count * 32, count * write};
    made.busy = 20;
    return made;
}

// A group of drives that are equally quick until one is made slow.
struct Group {
    PaceJudge judge;
    Timestamp now = 1.7e9;
    explicit Group(size_t count, DriveClass kind = DriveClass::rotating)
        : judge(drives(count, kind), 1.7e9) {}

    void pass(int minutes, double factor_of_first, double count_of_first = 600) {
        for (int i = 0; i < minutes; ++i) {
            std::vector<Minute> all;
            for (size_t k = 0; k < judge.members().size(); ++k) {
                const double noise = 1 + 0.2 * ((i * 7 + static_cast<int>(k) * 3) % 5 - 2) / 2;
                const double factor = (k == 0 ? factor_of_first : 1) * noise;
                all.push_back(
                    minute(0.012 * factor, 0.010 * factor, k == 0 ? count_of_first : 600));
            }
            judge.judge(all, now += 60);
        }
    }
};

}  // namespace

TEST_CASE("pace: five times as slow is noted after 20 minutes and slow within 60") {
    Group group(4);
    group.pass(8 * 1440, 1);
    CHECK(group.judge.verdict(0).pace == Pace::usual);
    group.pass(15, 5);
    CHECK(group.judge.verdict(0).pace == Pace::usual);
    group.pass(6, 5);
    CHECK(group.judge.verdict(0).pace == Pace::noted);
    group.pass(30, 5);
    const PaceVerdict verdict = group.judge.verdict(0);
    CHECK(verdict.pace == Pace::slow);
    CHECK(verdict.siblings == 3);
    CHECK(verdict.ratio() == doctest::Approx(5).epsilon(0.2));
    CHECK(verdict.slow_for >= 45 * 60);
    for (size_t i = 1; i < 4; ++i) CHECK(group.judge.verdict(i).pace == Pace::usual);
    // Quick again: it stays a finding for a day of judged minutes.
    group.pass(1380, 1);
    CHECK(group.judge.verdict(0).pace == Pace::slow);
    group.pass(120, 1);
    CHECK(group.judge.verdict(0).pace == Pace::usual);
}

TEST_CASE("pace: in the first week runs must last three hours") {
    Group group(4);
    group.pass(1440, 1);
    group.pass(150, 5);
    CHECK(group.judge.verdict(0).pace == Pace::usual);
    group.pass(40, 5);
    CHECK(group.judge.verdict(0).pace == Pace::slow);
}

TEST_CASE("pace: a drive with more work than its siblings is not compared") {
    Group group(4);
    group.pass(8 * 1440, 1);
    group.pass(300, 5, 2000);
    CHECK(group.judge.verdict(0).pace == Pace::not_judged);
    CHECK(group.judge.verdict(0).reason == NotJudged::no_comparable);
    CHECK(group.judge.verdict(1).pace == Pace::usual);
}

TEST_CASE("pace: longer runs than before only, where runs end by themselves") {
    Group group(4);
    group.pass(8 * 1440, 1);
    group.pass(40, 5);  // noted, then it passes
    group.pass(60, 1);
    CHECK(group.judge.verdict(0).pace == Pace::usual);
    REQUIRE(group.judge.episodes(Direction::read).size() == 1);
    CHECK(group.judge.episodes(Direction::read)[0].length == doctest::Approx(40 * 60).epsilon(0.1));
    group.pass(55, 5);
    CHECK(group.judge.verdict(0).pace == Pace::usual);
    group.pass(10, 5);
    CHECK(group.judge.verdict(0).pace == Pace::slow);
}

TEST_CASE("pace: no load, and a self-test that explains it") {
    Group group(3);
    group.pass(120, 1, 3);
    CHECK(group.judge.verdict(0).pace == Pace::not_judged);
    CHECK(group.judge.verdict(0).reason == NotJudged::no_load);

    PaceJudge judge(drives(3), 0);
    Timestamp now = 8 * day;
    for (int i = 0; i < 12; ++i)
        judge.judge(std::vector{minute(0.1, 0.1), minute(0.01, 0.01), minute(0.01, 0.01)},
                    now += 60);
    CHECK(judge.suspects(0));
    CHECK_FALSE(judge.suspects(1));
    for (int i = 0; i < 200; ++i) {
        Minute tests = minute(0.1, 0.1);
        tests.skip = NotJudged::self_test;
        judge.judge(std::vector{tests, minute(0.01, 0.01), minute(0.01, 0.01)}, now += 60);
    }
    CHECK(judge.verdict(0).pace == Pace::not_judged);
    CHECK(judge.verdict(0).reason == NotJudged::self_test);
    CHECK(judge.episodes(Direction::read).empty());
}

TEST_CASE("pace: a drive alone is compared with its own past") {
    Group group(1, DriveClass::nvme);
    group.pass(120, 1);
    CHECK(group.judge.verdict(0).pace == Pace::not_judged);
    CHECK(group.judge.verdict(0).reason == NotJudged::no_sibling);
    group.pass(8 * 1440, 0.05);  // 0.6 ms
    CHECK(group.judge.verdict(0).pace == Pace::usual);
    group.pass(100, 0.5);
    const PaceVerdict verdict = group.judge.verdict(0);
    CHECK(verdict.pace == Pace::slow);
    CHECK(verdict.siblings == 0);
    CHECK(verdict.ratio() == doctest::Approx(10).epsilon(0.3));
}

TEST_CASE("pace: what was learned survives in the memory") {
    Group group(4);
    group.pass(8 * 1440, 1);
    group.pass(60, 5);
    REQUIRE(group.judge.verdict(0).pace == Pace::slow);
    PaceMemory memory;
    for (size_t i = 0; i < 4; ++i) memory.drives[group.judge.members()[i].id] = group.judge.past(i);
    memory.groups["md0"][0] = {{group.now - 1000, 600}};
    const nlohmann::json document = to_json(memory);
    CHECK(document.dump().size() < 4000);
    const PaceMemory again = parse_pace_memory(document, group.now);
    CHECK(to_json(again) == document);
    REQUIRE(again.drives.size() == 4);
    PaceJudge judge(group.judge.members(), group.now);
    for (size_t i = 0; i < 4; ++i) judge.set_past(i, again.drives.at(judge.members()[i].id));
    CHECK(judge.verdict(0).pace == Pace::slow);
    CHECK(judge.verdict(0).ratio() == doctest::Approx(5).epsilon(0.2));
}

TEST_CASE("pace: a memory of rubbish is none") {
    for (const char* text :
         {"[]", "7", R"({"drives":7,"groups":[]})", R"({"drives":{"a":7,"b":{"read":"x"}}})",
          R"({"drives":{"a":{"known_since":1e300,"slow":{"since":-1,"latency":1e999}}}})",
          R"({"groups":{"g":{"read":[{"ended":"x"},7,{"ended":5,"length":-1}]}}})"}) {
        const PaceMemory memory =
            parse_pace_memory(nlohmann::json::parse(text, nullptr, false), 1000);
        for (const auto& [id, past] : memory.drives) {
            CHECK(past.known_since == 1000);
            CHECK(past.slow_since == 0);
        }
        for (const auto& [name, episodes] : memory.groups) CHECK(episodes[0].empty());
    }
}

TEST_CASE("minutes: rebuilds, discards, interruptions and shingled drives are skipped") {
    MinuteMaker maker;
    DiskCounters counters;
    counters.has_discards = true;
    Seconds now = 1000;
    const auto next = [&](const Circumstances& circumstances, Seconds step = 60) {
        counters.operations[0].done += 100;
        counters.operations[0].time += 500;
        return maker.add(counters, circumstances, now += step).skip;
    };
    CHECK(next({}) == NotJudged::first_look);
    CHECK(next({}) == NotJudged::no);
    CHECK(next({}, 200) == NotJudged::interrupted);
    CHECK(next({.rebuilding = true}) == NotJudged::rebuild);
    for (int i = 0; i < 9; ++i) CHECK(next({}) == NotJudged::rebuild);
    CHECK(next({}) == NotJudged::no);
    ++counters.operations[2].done;
    for (int i = 0; i < 5; ++i) CHECK(next({}) == NotJudged::discards);
    CHECK(next({}) == NotJudged::no);
    CHECK(next({.shingled = true}) == NotJudged::shingled);
    CHECK(next({.self_test = true}) == NotJudged::self_test);
    counters.operations[0].done = 0;
    CHECK(next({}) == NotJudged::interrupted);
    counters.has_discards = false;
    CHECK(next({}) == NotJudged::no);
    CHECK(next({.kind = DriveClass::nvme}) == NotJudged::old_kernel);
}
