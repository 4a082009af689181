#include "collectors/arrays/parse/mdstat.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "collectors/arrays/redundancy.hpp"
#include "tests/support.hpp"

using namespace lastgood;

namespace {

const MdArray& find(const Mdstat& stat, std::string_view name) {
    static const MdArray nothing;
    for (const MdArray& array : stat.arrays)
        if (array.device == name) return array;
    FAIL("no array " << name);
    return nothing;
}

std::string names(const MdArray& array, auto&& wanted) {
    std::string result;
    for (const MdMember& member : array.members) {
        if (!wanted(member)) continue;
        if (!result.empty()) result += ',';
        result += member.device;
    }
    return result;
}

// In the words of INDEX.tsv: "md0 active(auto-read-only) raid1 1/2 DEGRADED faulty=sda1 recovery
// 8.5%".
std::string in_index_words(const MdArray& array) {
    std::string text = array.device;
    switch (array.state.value) {
        case MdState::readonly:
            text += " active(read-only)";
            break;
        case MdState::read_auto:
            text += " active(auto-read-only)";
            break;
        case MdState::active:
            text += " active";
            break;
        case MdState::inactive:
            text += " inactive";
            break;
        case MdState::broken:
            text += " broken";
            break;
        case MdState::clear:
        case MdState::suspended:
        case MdState::clean:
        case MdState::write_pending:
        case MdState::active_idle:
        case MdState::unknown:
            text += " ?";
            break;
    }
    if (array.level.value != MdLevel::none) text += fmt::format(" {}", array.level.word);
    bool counted = array.level.value != MdLevel::raid0 && array.level.value != MdLevel::linear;
    if (array.raid_disks && counted) {
        text += fmt::format(" {}/{}", *array.raid_disks - *array.degraded, *array.raid_disks);
        if (*array.degraded > 0) text += " DEGRADED";
    }
    auto list = [&](std::string_view title, auto&& wanted) {
        std::string found = names(array, wanted);
        if (!found.empty()) text += fmt::format(" {}={}", title, found);
    };
    list("faulty", [](const MdMember& m) { return m.state == MdMemberState::faulty; });
    if (array.metadata.starts_with("external:"))
        text += fmt::format(" external={}", array.metadata.substr(9));
    list("spare_flag", [](const MdMember& m) { return m.state == MdMemberState::spare; });
    list("writemostly", [](const MdMember& m) {
        return std::find(m.flags.begin(), m.flags.end(), "write_mostly") != m.flags.end();
    });
    switch (array.phase) {
        case MdPhase::running:
            // The kernel prints one decimal, not rounded.
            text += fmt::format(" {} {:.1f}%", array.action.word,
                                std::floor(*array.progress * 1000) / 10);
            break;
        case MdPhase::delayed:
            text += fmt::format(" {}=DELAYED", array.action.word);
            break;
        case MdPhase::pending:
            text += fmt::format(" {}=PENDING", array.action.word);
            break;
        case MdPhase::remote:
            text += fmt::format(" {}=REMOTE", array.action.word);
            break;
        case MdPhase::none:
            break;
    }
    return text;
}

}  // namespace

TEST_CASE("mdstat: a healthy mirror") {
    Mdstat stat = parse_mdstat(
        "Personalities : [raid1] \n"
        "md0 : active raid1 sdq1[0] sdr1[1]\n"
        "      1046528 blocks super 1.2 [2/2] [UU]\n"
        "      bitmap: 0/1 pages [0KB], 65536KB chunk\n"
        "\n"
        "unused devices: <none>\n");
    CHECK(stat.recognised);
    REQUIRE(stat.arrays.size() == 1);
    const MdArray& array = stat.arrays[0];
    CHECK(array.problem == "");
    CHECK(array.device == "md0");
    CHECK(array.state.value == MdState::active);
    CHECK(array.level.value == MdLevel::raid1);
    CHECK(array.raid_disks == 2);
    CHECK(array.degraded == 0);
    CHECK(array.metadata == "1.2");
    CHECK(array.action.value == MdAction::idle);
    CHECK(array.phase == MdPhase::none);
    REQUIRE(array.members.size() == 2);
    CHECK(array.members[0].device == "sdq1");
    CHECK(array.members[0].state == MdMemberState::in_sync);
    CHECK(array.members[1].slot == 1);
}

TEST_CASE("mdstat: no arrays, other texts") {
    CHECK(parse_mdstat("Personalities : \nunused devices: <none>\n").recognised);
    CHECK(parse_mdstat("Personalities : \nunused devices: <none>\n").arrays.empty());
    CHECK_FALSE(parse_mdstat("").recognised);
    CHECK_FALSE(parse_mdstat("md5sum of the file: 1234\n").arrays.size() > 1);
}

TEST_CASE("mdstat: the member with the highest number is rebuilding") {
    Mdstat stat = parse_mdstat(
        "md3 : active raid5 sdn1[4] sdm1[2] sdl1[0]\n"
        "      9767277568 blocks super 1.2 level 5, 512k chunk, algorithm 2 [3/2] [U_U]\n"
        "      [==>..................]  recovery = 12.6% (615370880/4883638784) finish=355.7min "
        "speed=200000K/sec\n");
    const MdArray& array = find(stat, "md3");
    CHECK(array.problem == "");
    CHECK(array.action.value == MdAction::recover);
    CHECK(array.phase == MdPhase::running);
    CHECK(*array.progress == doctest::Approx(615370880.0 / 4883638784.0));
    CHECK(*array.remaining == doctest::Approx(355.7 * 60));
    CHECK(array.layout == 2);
    CHECK(array.members[0].state == MdMemberState::rebuilding);
    CHECK(array.members[1].state == MdMemberState::in_sync);
    CHECK(array.slots == std::vector{MdSlot::in_sync, MdSlot::rebuilding, MdSlot::in_sync});
}

TEST_CASE("mdstat: no space before 100.0%") {
    Mdstat stat = parse_mdstat(
        "md0 : active raid1 sda1[0] sdb1[1]\n      100 blocks super 1.2 [2/2] [UU]\n"
        "      [====================>]  check =100.0% (100/100) finish=0.0min speed=1K/sec\n");
    CHECK(stat.arrays[0].problem == "");
    CHECK(stat.arrays[0].action.value == MdAction::check);
    CHECK(stat.arrays[0].progress == 1.0);
    CHECK(stat.arrays[0].remaining == 0.0);
}

TEST_CASE("mdstat: every action, delayed, pending and remote") {
    for (auto [word, action] :
         {std::pair{"resync", MdAction::resync}, std::pair{"recovery", MdAction::recover},
          std::pair{"check", MdAction::check}, std::pair{"reshape", MdAction::reshape},
          std::pair{"repair", MdAction::repair}})
        for (auto [how, phase] :
             {std::pair{"DELAYED", MdPhase::delayed}, std::pair{"PENDING", MdPhase::pending},
              std::pair{"REMOTE", MdPhase::remote}}) {
            Mdstat stat =
                parse_mdstat(fmt::format("md0 : active raid1 sda1[0] sdb1[1]\n      100 blocks "
                                         "[2/2] [UU]\n      \t{}={}\n      \n",
                                         word, how));
            CHECK(stat.arrays[0].problem == "");
            CHECK(stat.arrays[0].action.value == action);
            CHECK(stat.arrays[0].phase == phase);
        }
}

TEST_CASE("mdstat: an unknown action of a newer kernel is a problem") {
    Mdstat stat = parse_mdstat(
        "md0 : active raid1 sda1[0] sdb1[1]\n      100 blocks [2/2] [UU]\n"
        "      [==>..................]  scrub = 12.6% (12/100) finish=1.0min speed=1K/sec\n");
    CHECK(stat.arrays[0].action.value == MdAction::unknown);
    CHECK(stat.arrays[0].action.word == "scrub");
    CHECK(stat.arrays[0].problem == "unknown action \"scrub\"");
    CHECK(stat.arrays[0].degraded == 0);
}

TEST_CASE("mdstat: RAID 10 layouts") {
    auto layout = [](std::string_view text) {
        Mdstat stat =
            parse_mdstat(fmt::format("md0 : active raid10 sda1[0] sdb1[1] sdc1[2] sdd1[3]\n"
                                     "      2093056 blocks super 1.2 512K chunks{} [4/4] [UUUU]\n",
                                     text));
        CHECK(stat.arrays[0].problem == "");
        return describe_layout(MdLevel::raid10, stat.arrays[0].layout);
    };
    CHECK(layout(" 2 near-copies") == "near=2");
    CHECK(layout(" 3 near-copies") == "near=3");
    CHECK(layout(" 2 far-copies") == "far=2");
    CHECK(layout(" 2 offset-copies") == "offset=2");
    CHECK(layout(" 2 near-copies 2 far-copies") == "near=2 far=2");
    CHECK(layout(" 2 far-copies 2 devices per set") == "far=2");
    Mdstat sets = parse_mdstat(
        "md0 : active raid10 sda1[0] sdb1[1] sdc1[2] sdd1[3]\n"
        "      2093056 blocks super 1.2 512K chunks 2 far-copies 2 devices per set [4/4] [UUUU]\n");
    CHECK(*sets.arrays[0].layout == (1 | 2 << 8 | 2 << 17));
}

TEST_CASE("mdstat: flags of members") {
    Mdstat stat = parse_mdstat(
        "md0 : active raid5 sda1[0] sdb1[1](F) sdc1[2](S) sdd1[3](J) sde1[4](R) "
        "cciss/c0d1p1[5](W)(S) sdf1[6](X)\n"
        "      100 blocks super 1.2 level 5, 64k chunk, algorithm 2 [2/1] [U_]\n");
    const MdArray& array = stat.arrays[0];
    REQUIRE(array.members.size() == 7);
    CHECK(array.members[1].state == MdMemberState::faulty);
    CHECK(array.members[2].state == MdMemberState::spare);
    CHECK(array.members[3].state == MdMemberState::journal);
    CHECK(array.members[4].state == MdMemberState::replacement);
    CHECK(array.members[5].state == MdMemberState::spare);
    CHECK(array.members[5].device == "cciss!c0d1p1");
    CHECK(array.members[5].flags == std::vector<std::string>{"write_mostly"});
    CHECK(array.problem.find("(X)") != std::string::npos);
}

TEST_CASE("mdstat: (F) outweighs all other flags") {
    for (const char* flags : {"(F)", "(F)(S)", "(S)(F)", "(F)(J)", "(J)(F)", "(F)(R)", "(R)(F)"}) {
        CAPTURE(flags);
        const Mdstat stat = parse_mdstat(fmt::format(
            "md0 : active raid1 sda1[0] sdb1[1]{}\n      100 blocks [2/1] [U_]\n", flags));
        REQUIRE(stat.arrays.size() == 1);
        REQUIRE(stat.arrays[0].members.size() == 2);
        CHECK(stat.arrays[0].members[1].state == MdMemberState::faulty);
    }
}

TEST_CASE("mdstat: malformed arrays have a problem and do not affect the others") {
    Mdstat stat = parse_mdstat(
        "Personalities : [raid1]\n"
        "md0 : active raid1 sda1[0] sdb1[1]\n      100 blocks [2/2] [UU]\n\n"
        "md1 : gone fishing\n      what?\n\n"
        "md2 is a line of another kind\n"
        "md3 : active raid7 sda3[0] sdb3[1]\n      100 blocks [2/2] [UU]\n\n"
        "md4 : active raid1 sda4[0] sdb4[1]\n      100 blocks [2/3] [UU]\n\n"
        "md5 : active raid1 sda5[0] sdb5[1]\n      100 blocks [2/2] [U_]\n\n"
        "md6 :\n"
        "md7 : active raid1 sda7[1] sdb7[0]\n      100 blocks [2/2] [UU]\n\n"
        "md8 : active raid1 sda8[0] sdb8[1]\n      100 blocks [3/3] [UU]\n\n"
        "unused devices: <none>\n");
    REQUIRE(stat.arrays.size() == 9);
    CHECK(find(stat, "md0").problem == "");
    CHECK(find(stat, "md8").problem != "");
    CHECK(find(stat, "md1").problem == "unknown state \"gone\"");
    CHECK(find(stat, "md2").problem != "");
    CHECK(find(stat, "md3").problem == "unknown level \"raid7\"");
    CHECK(find(stat, "md3").level.word == "raid7");
    CHECK(find(stat, "md4").problem == "impossible number of members");
    CHECK(find(stat, "md5").problem != "");
    CHECK(find(stat, "md6").problem == "no state");
    CHECK(find(stat, "md7").problem == "");
}

TEST_CASE("mdstat: containers and the arrays in them") {
    Mdstat stat = parse_mdstat(
        "md127 : inactive sdb[1](S) sda[0](S)\n      5544 blocks super external:imsm\n       \n"
        "md126 : active raid1 sda[1] sdb[0]\n      2095104 blocks super external:/md127/0 [2/2] "
        "[UU]\n      \n"
        "md125 : inactive sdc[0](S)\n      5544 blocks super external:/md127/1\n");
    CHECK(is_container(find(stat, "md127")));
    CHECK_FALSE(is_container(find(stat, "md126")));
    CHECK_FALSE(is_container(find(stat, "md125")));
}

TEST_CASE("mdstat: absurd remaining times are dropped") {
    auto remaining = [](std::string_view finish, std::string_view speed) {
        return parse_mdstat(
                   fmt::format(
                       "md0 : active raid6 sda1[0] sdb1[1] sdc1[2] sdd1[3]\n"
                       "      100 blocks super 1.2 level 6, 512k chunk, algorithm 2 [4/4] [UUUU]\n"
                       "      [>....................]  reshape =  0.0% (1/7813894144) finish={} "
                       "speed={}\n",
                       finish, speed))
            .arrays[0]
            .remaining;
    };
    CHECK(remaining("10.0min", "100K/sec") == 600.0);
    CHECK_FALSE(remaining("3286068.3min", "0K/sec"));
    CHECK_FALSE(remaining("328606806584.3min", "3K/sec"));
    CHECK_FALSE(remaining("1e999min", "3K/sec"));
    CHECK_FALSE(remaining("-4min", "3K/sec"));
    CHECK_FALSE(remaining("nanmin", "3K/sec"));
}

TEST_CASE("mdstat: a broken array; a failed one of a kernel without that word") {
    Mdstat stat = parse_mdstat(
        "md0 : broken raid0 sda1[0]\n      100 blocks super 1.2 512k chunks\n\n"
        "md1 : active raid5 sda2[0] sdb2[3](F) sdc2[4](F)\n"
        "      100 blocks super 1.2 level 5, 64k chunk, algorithm 2 [3/1] [U__]\n");
    CHECK(find(stat, "md0").state.value == MdState::broken);
    CHECK(md_redundancy(find(stat, "md1")).failed);
}

TEST_CASE("mdstat: wrapped and indented lines, CRLF") {
    Mdstat stat = parse_mdstat(
        "  Personalities : [raid6]\r\n"
        "  md0 : active raid6 sda1[0] sdb1[1]\r\n  sdc1[2] sdd1[3]\r\n"
        "        100 blocks super 1.2 level 6, 512k chunk, algorithm\r\n  2 [4/4] [UUUU]\r\n"
        "        [=>...................]  check =  5.7%\r\n  (114176/1993728) finish=0.2min "
        "speed=114176K/sec\r\n"
        "  \r\n  unused devices: <none>\r\n");
    REQUIRE(stat.arrays.size() == 1);
    CHECK(stat.arrays[0].problem == "");
    CHECK(stat.arrays[0].members.size() == 4);
    CHECK(stat.arrays[0].layout == 2);
    CHECK(stat.arrays[0].degraded == 0);
    CHECK(*stat.arrays[0].remaining == doctest::Approx(12.0));
}

TEST_CASE("mdstat: the traps in the corpora's README.md") {
    auto corpora = test::corpora_directory();
    if (!corpora) return;
    auto read = [&](std::string_view name) {
        return parse_mdstat(test::read_file(fmt::format("{}/mdstat/{}", *corpora, name)));
    };
    SUBCASE("10: 24 slots, 4 in use; names up to md322") {
        Mdstat stat = read("ml-raid5-now-recognized-as-raid1-eb5bb9-73.txt");
        CHECK(find(stat, "md13").degraded == 20);
        Redundancy redundancy = md_redundancy(find(stat, "md13"));
        CHECK_FALSE(redundancy.failed);
        CHECK(redundancy.survivable_failures == 3);
        CHECK(find(stat, "md322").degraded == 0);
    }
    SUBCASE("11: an inactive container is normal") {
        CHECK(is_container(find(read("check-raid-issue34.txt"), "md0")));
    }
    SUBCASE("12: healthy with a faulty member") {
        const Mdstat stat = read("check-raid-issue164.txt");
        CHECK(md_redundancy(find(stat, "md1")).survivable_failures == 4);
        CHECK(find(stat, "md1").degraded == 0);
    }
    SUBCASE("13: an absurd remaining time") {
        const Mdstat stat = read("ml-failed-adadm-raid-array-after-aborted-81e974-83.txt");
        CHECK_FALSE(find(stat, "md125").remaining);
        CHECK(find(stat, "md125").problem == "");
    }
    SUBCASE("14: pending on its own line; active with one member of five") {
        const Mdstat pending = read("ml-raid5-to-raid6-reshape-stalled-18bc37-58.txt");
        CHECK(find(pending, "md0").phase == MdPhase::pending);
        CHECK(find(pending, "md0").state.value == MdState::read_auto);
        const Mdstat failed = read("ml-recover-from-crash-in-raid6-due-to-har-0d0021-70.txt");
        CHECK(md_redundancy(find(failed, "md2")).failed);
        CHECK_FALSE(md_redundancy(find(failed, "md1")).failed);
    }
}

TEST_CASE("recorded mdstat matches INDEX.tsv") {
    auto corpora = test::corpora_directory();
    if (!corpora) return;
    std::istringstream index(test::read_file(*corpora + "/INDEX.tsv"));
    std::string line;
    int files = 0;
    while (std::getline(index, line)) {
        std::vector<std::string> columns;
        std::istringstream fields(line);
        for (std::string field; std::getline(fields, field, '\t');) columns.push_back(field);
        if (columns.size() < 5 || columns[1] != "mdstat") continue;
        ++files;
        Mdstat stat = parse_mdstat(test::read_file(*corpora + "/" + columns[0]));
        std::string got;
        for (const MdArray& array : stat.arrays) {
            if (!got.empty()) got += "; ";
            got += in_index_words(array);
            INFO(columns[0] << " " << array.device);
            CHECK(array.problem == "");
        }
        CHECK_MESSAGE(got == columns[4], columns[0]);
    }
    CHECK(files >= 76);
}

TEST_CASE("Synology marks a member with errors") {
    const Mdstat stat = parse_mdstat(
        "md2 : active raid5 sata1p5[0] sata2p5[1] sata3p5[2](E)\n"
        "      7804567808 blocks super 1.2 level 5, 64k chunk, algorithm 2 [3/2] [UUE]\n");
    REQUIRE(stat.arrays.size() == 1);
    const MdArray& array = stat.arrays[0];
    CHECK(array.problem == "");
    REQUIRE(array.slots.size() == 3);
    CHECK(array.slots[2] == MdSlot::missing);
    CHECK(array.members[2].state == MdMemberState::faulty);
}

TEST_CASE("mdstat that is cut off behind an array's line is no sound array") {
    const std::string whole =
        "md0 : active raid5 sds1[2] sdr1[1] sdq1[0]\n"
        "      1953260544 blocks super 1.2 level 5, 512k chunk, algorithm 2 [3/3] [UUU]\n";
    const auto problem = [](const std::string& text) {
        const Mdstat stat = parse_mdstat(text);
        REQUIRE(stat.arrays.size() == 1);
        return stat.arrays[0].problem;
    };
    CHECK(problem(whole).empty());
    CHECK(problem(whole.substr(0, whole.find("[3/3]"))) == "no count of its members");
    CHECK(problem(whole.substr(0, whole.find("/3] [UUU]"))) == "no count of its members");
    CHECK(
        problem("md0 : active raid0 sdr1[1] sdq1[0]\n      1953260544 blocks super 1.2\n").empty());
    CHECK(problem("md0 : inactive") == "no members");
    CHECK(problem("md0 : inactive\n\nunused devices: <none>\n").empty());
    CHECK(problem("md0 : inactive sdr1[1") == "unreadable member \"sdr1[1\"");
    CHECK(problem("md0 : inactive sdr1[1] sdq1[0]\n      1953260544 blocks super 1.2\n").empty());
}
