// mdadm --detail and --examine, Unraid's mdstat, btrfs device stats and scrub status.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include "collectors/arrays/parse/btrfs_text.hpp"
#include "collectors/arrays/parse/mdadm_text.hpp"
#include "collectors/arrays/parse/unraid.hpp"
#include "collectors/arrays/redundancy.hpp"
#include "collectors/explainer.hpp"
#include "core/metrics/arrays.hpp"
#include "tests/select.hpp"

using namespace lastgood;

TEST_CASE("mdadm --detail") {
    const auto arrays = parse_mdadm_detail(
        "/dev/md4:\n"
        "           Version : 1.2\n"
        "     Creation Time : Sat Nov 14 10:00:01 2020\n"
        "        Raid Level : raid5\n"
        "        Array Size : 7813774336 (7.28 TiB 8.00 TB)\n"
        "      Raid Devices : 3\n"
        "     Total Devices : 3\n"
        "             State : clean, degraded, recovering\n"
        "    Active Devices : 2\n"
        "            Layout : left-symmetric\n"
        "\n"
        "    Number   Major   Minor   RaidDevice State\n"
        "       0       8        1        0      active sync   /dev/sdq1\n"
        "       3       8       33        1      spare rebuilding   /dev/sdr1\n"
        "       2       8       49        2      active sync   /dev/sds1\n"
        "\n"
        "       1       8       65        -      faulty   /dev/sdt1\n");
    REQUIRE(arrays.size() == 1);
    const MdArray& array = arrays[0];
    CHECK(array.device == "md4");
    CHECK(array.level.value == MdLevel::raid5);
    CHECK(array.state.value == MdState::clean);
    CHECK(array.degraded == 1);
    REQUIRE(array.slots.size() == 3);
    CHECK(array.slots[1] == MdSlot::rebuilding);
    REQUIRE(array.members.size() == 4);
    CHECK(array.members[1].state == MdMemberState::rebuilding);
    CHECK(array.members[3].device == "sdt1");
    CHECK(array.members[3].state == MdMemberState::faulty);
    CHECK(md_redundancy(array).survivable_failures == 0);
}

TEST_CASE("mdadm --detail of an array that lost too much, and of a removed member") {
    const auto arrays = parse_mdadm_detail(
        "/dev/md/data:\n"
        "        Raid Level : raid5\n"
        "      Raid Devices : 3\n"
        "             State : clean, FAILED\n"
        "    Number   Major   Minor   RaidDevice State\n"
        "       0       8        1        0      active sync   /dev/sdq1\n"
        "       -       0        0        1      removed\n"
        "       -       0        0        2      removed\n"
        "/dev/md5:\n"
        "        Raid Level : raid1\n"
        "      Raid Devices : 2\n"
        "             State : clean\n"
        "    Number   Major   Minor   RaidDevice State\n"
        "       0       8        1        0      active sync   /dev/sdq2\n"
        "       1       8       17        1      active sync   /dev/sdr2\n");
    REQUIRE(arrays.size() == 2);
    CHECK(arrays[0].device == "data");
    CHECK(arrays[0].degraded == 2);
    CHECK(md_redundancy(arrays[0]).failed);
    CHECK(arrays[1].degraded == 0);
    CHECK(md_redundancy(arrays[1]).survivable_failures == 1);
}

TEST_CASE("mdadm --examine: the newest superblock speaks, a stale member is faulty") {
    const auto block = [](const char* device, const char* events, const char* state) {
        return std::string(device) +
               ":\n"
               "          Magic : a92b4efc\n"
               "        Version : 1.2\n"
               "     Array UUID : 01234567:89abcdef:01234567:89abcdef\n"
               "           Name : box:0  (local to host box)\n"
               "     Raid Level : raid1\n"
               "   Raid Devices : 2\n"
               "  Bad Block Log : 512 entries available at offset 72 sectors - bad blocks "
               "present.\n"
               "         Events : " +
               events + "\n    Array State : " + state +
               " ('A' == active, '.' == missing, 'R' == replacing)\n";
    };
    const auto arrays =
        parse_mdadm_examine(block("/dev/sdq1", "1000", "A.") + block("/dev/sdr1", "100", "AA"));
    REQUIRE(arrays.size() == 1);
    CHECK(arrays[0].device == "0");
    CHECK(arrays[0].degraded == 1);
    REQUIRE(arrays[0].members.size() == 2);
    CHECK(arrays[0].members[0].state == MdMemberState::in_sync);
    CHECK(arrays[0].members[1].state == MdMemberState::faulty);
    CHECK(arrays[0].members[0].bad_blocks == 1);
}

TEST_CASE("explain: an appliance's system mirrors over empty bays are not degraded") {
    const auto degraded = [](std::string_view text) {
        ExplainSink sink;
        REQUIRE(mdstat_explainer.explain(text, 1700000000, sink));
        double sum = 0;
        for (const Observation* one :
             test::select(sink.observations, metric::array_degraded_members))
            sum += one->value;
        return sum;
    };
    const std::string one =
        "md1 : active raid1 sata1p2[0] sata2p2[1]\n      2097088 blocks [4/2] [UU__]\n";
    const std::string two =
        "md0 : active raid1 sata1p1[0] sata2p1[1]\n      2490176 blocks [4/2] [UU__]\n";
    CHECK(degraded(one + two) == 0);
    CHECK(degraded(one) == 2);
    CHECK(degraded(one + "md0 : active raid1 sata1p1[0] sata2p1[1](F)\n"
                         "      2490176 blocks [4/1] [U___]\n") == 5);
}

TEST_CASE("Unraid's mdstat") {
    const char* const text =
        "sbName=/boot/config/super.dat\n"
        "mdState=STARTED\n"
        "mdNumDisabled=1\n"
        "mdNumInvalid=1\n"
        "mdNumMissing=0\n"
        "rdevStatus.0=DISK_OK\n"
        "rdevName.0=sdq\n"
        "rdevStatus.1=DISK_DSBL\n"
        "rdevName.1=sdr\n"
        "rdevNumErrors.1=1024\n"
        "rdevStatus.2=DISK_NP\n";
    const auto array = parse_unraid(text);
    REQUIRE(array);
    CHECK(array->state == "STARTED");
    REQUIRE(array->disks.size() == 3);
    CHECK(array->disks[1].state == UnraidDiskState::disabled);
    CHECK(array->disks[1].errors == 1024);
    ExplainSink sink;
    REQUIRE(unraid_explainer.explain(text, 1700000000, sink));
    CHECK(test::select(sink.observations, metric::array_degraded_members).front()->value == 1);
    CHECK(test::select(sink.observations, metric::array_survivable_failures).front()->value == 0);
    CHECK_FALSE(parse_unraid("a=b\nc.1=2\n"));
}

TEST_CASE("btrfs device stats and scrub status") {
    const auto devices = parse_btrfs_device_stats(
        "[/dev/sdq1].write_io_errs    3\n"
        "[/dev/sdq1].read_io_errs     1\n"
        "[/dev/sdq1].flush_io_errs    0\n"
        "[/dev/sdq1].corruption_errs  5\n"
        "[/dev/sdq1].generation_errs  0\n"
        "[/dev/sdr1].write_io_errs    0\n");
    REQUIRE(devices.size() == 2);
    CHECK(devices[0].device == "sdq1");
    CHECK(devices[0].io == 4);
    CHECK(devices[0].wrong == 5);
    CHECK(devices[1].line.empty());
    const auto scrubs = parse_btrfs_scrub_status(
        "UUID:             11111111-2222-3333-4444-555555555555\n"
        "Status:           finished\n"
        "Error summary:    csum=5\n"
        "  Corrected:      3\n"
        "  Uncorrectable:  2\n"
        "scrub status for 66666666-2222-3333-4444-555555555555\n"
        "\ttotal bytes scrubbed: 1.00GiB with 7 errors\n"
        "\terror details: csum=7\n"
        "\tcorrected errors: 0, uncorrectable errors: 7, unverified errors: 0\n"
        "UUID:             77777777-2222-3333-4444-555555555555\n"
        "Error summary:    no errors found\n"
        "scrub done for 88888888-2222-3333-4444-555555555555\n"  // btrfs scrub start -B
        "Error summary:    csum=18\n"
        "  Corrected:      0\n"
        "  Uncorrectable:  18\n");
    REQUIRE(scrubs.size() == 4);
    CHECK(scrubs[0].corrected == 3);
    CHECK(scrubs[0].uncorrectable == 2);
    CHECK(scrubs[1].uncorrectable == 7);
    CHECK(scrubs[2].errors == 0);
    CHECK(scrubs[2].line.empty());
    CHECK(scrubs[3].uuid == "88888888-2222-3333-4444-555555555555");
    CHECK(scrubs[3].uncorrectable == 18);
    CHECK(btrfs_output_explainer.begins("scrub done for 88888888-2222-3333-4444-555555555555") ==
          Begin::output);
}

TEST_CASE("mdadm's texts that are cut off have a problem, not a loss") {
    const std::string detail =
        "/dev/md4:\n"
        "        Raid Level : raid5\n"
        "      Raid Devices : 3\n"
        "             State : clean\n"
        "    Active Devices : 3\n"
        "\n"
        "    Number   Major   Minor   RaidDevice State\n"
        "       0       8        1        0      active sync   /dev/sdq1\n"
        "       1       8       33        1      active sync   /dev/sdr1\n"
        "       2       8       49        2      active sync   /dev/sds1\n";
    const auto until = [&](std::string_view word) {
        const auto arrays = parse_mdadm_detail(detail.substr(0, detail.find(word)));
        REQUIRE(arrays.size() == 1);
        return arrays[0];
    };
    CHECK(until("end of the text").problem.empty());
    CHECK(until("             State").problem == "no count of its members");
    CHECK(until("    Active").problem == "no count of its members");
    CHECK(until("\n    Number").problem.empty());
    CHECK(until("       2  ").problem == "the table of its members is cut off");
    CHECK(until("       2  ").degraded == 0);
    std::string stateless = detail;
    stateless.replace(stateless.find("             State : clean\n"), 27, "");
    CHECK(parse_mdadm_detail(stateless).at(0).problem == "no state");
    const auto examined = parse_mdadm_examine(
        "/dev/sdq1:\n          Magic : a92b4efc\n     Array UUID : 1:2:3:4\n"
        "     Raid Level : raid1\n   Raid Devices : 2\n");
    REQUIRE(examined.size() == 1);
    CHECK(examined[0].problem == "no count of its members");
}

TEST_CASE("explain: texts of Unraid and btrfs that are cut off are not fine") {
    const auto problems = [](const Explainer& explainer, std::string_view text) {
        ExplainSink sink;
        REQUIRE(explainer.explain(text, 1700000000, sink));
        return sink.problems.size();
    };
    CHECK(problems(unraid_explainer, "sbName=/boot/config/super.dat\nmdState=STARTED\n") == 1);
    CHECK(problems(unraid_explainer, "mdState=STARTED\nmdNumDisabled=0\n") == 0);
    CHECK(problems(unraid_explainer, "mdState=STARTED\nrdevStatus.1=DISK_BURNT\n") == 1);
    const std::string stats =
        "[/dev/sdq1].write_io_errs    0\n"
        "[/dev/sdq1].read_io_errs     0\n"
        "[/dev/sdq1].flush_io_errs    0\n"
        "[/dev/sdq1].corruption_errs  0\n";
    CHECK(problems(btrfs_output_explainer, stats) == 1);
    CHECK(problems(btrfs_output_explainer, stats + "[/dev/sdq1].generation_errs  ?\n") == 1);
    CHECK(problems(btrfs_output_explainer, stats + "[/dev/sdq1].generation_errs  0\n") == 0);
    const std::string scrub =
        "UUID:             11111111-2222-3333-4444-555555555555\nStatus:           finished\n";
    CHECK(problems(btrfs_output_explainer, scrub) == 1);
    CHECK(problems(btrfs_output_explainer, scrub + "Error summary:    no errors found\n") == 0);
}

TEST_CASE("mdadm --detail: the words of its state, with and without a table of members") {
    const auto parsed = [](const std::string& state) {
        const auto arrays = parse_mdadm_detail(
            "/dev/md0:\n        Raid Level : raid1\n      Raid Devices : 2\n"
            "             State : " +
            state + "\n    Active Devices : 1\n");
        REQUIRE(arrays.size() == 1);
        return arrays[0];
    };
    CHECK(parsed("clean, degraded").degraded == 1);
    CHECK(parsed("active, FAILED").state.value == MdState::broken);
    CHECK(parsed("active, degraded, Not Started").state.value == MdState::inactive);
    CHECK(parsed("clean, resyncing").action.value == MdAction::resync);
    CHECK(parsed("clean, degraded, recovering").action.value == MdAction::recover);
}

TEST_CASE("mdadm --examine of metadata 0.90 parts arrays by their UUID") {
    const auto block = [](const char* device, const char* uuid) {
        return fmt::format(
            "{}:\n          Magic : a92b4efc\n        Version : 0.90.00\n           UUID : {}\n"
            "     Raid Level : raid1\n   Raid Devices : 2\n         Events : 0.100\n",
            device, uuid);
    };
    CHECK(
        parse_mdadm_examine(block("/dev/sdq1", "0:1:2:3") + block("/dev/sdq2", "4:5:6:7")).size() ==
        2);
}

TEST_CASE("Unraid: a disk whose content is not valid is no copy") {
    const auto array = parse_unraid("mdState=STARTED\nrdevStatus.1=DISK_INVALID\n");
    REQUIRE(array);
    CHECK(array->disks[0].state == UnraidDiskState::invalid);
}

TEST_CASE("explain: losses that Unraid counts, and its parities") {
    const auto values = [](std::string_view text) {
        ExplainSink sink;
        REQUIRE(unraid_explainer.explain(text, 1700000000, sink));
        std::string found;
        for (const Metric* metric :
             {&metric::array_degraded_members, &metric::array_survivable_failures})
            for (const Observation* one : test::select(sink.observations, *metric))
                found += fmt::format("{} ", one->value);
        return found;
    };
    const std::string one_parity = "mdState=STARTED\nrdevStatus.0=DISK_OK\n";
    CHECK(values(one_parity) == "0 1 ");
    CHECK(values(one_parity + "mdNumDisabled=1\nmdNumMissing=1\n") == "2 0 ");
    CHECK(values(one_parity + "rdevStatus.29=DISK_OK\nrdevStatus.1=DISK_DSBL\n") == "1 1 ");
    // Without a parity the other drives keep their own files.
    CHECK(values("mdState=STARTED\nrdevStatus.1=DISK_DSBL\n") == "1 ");
}

TEST_CASE("btrfs device stats: each counter counts") {
    const auto devices = parse_btrfs_device_stats(
        "[/dev/sdq].write_io_errs 1\n[/dev/sdq].read_io_errs 2\n[/dev/sdq].flush_io_errs 4\n"
        "[/dev/sdq].corruption_errs 8\n[/dev/sdq].generation_errs 16\n");
    REQUIRE(devices.size() == 1);
    CHECK(devices[0].io == 7);
    CHECK(devices[0].wrong == 24);
}
