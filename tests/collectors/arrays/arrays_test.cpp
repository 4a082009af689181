#include "core/metrics/arrays.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <filesystem>
#include <sstream>
#include <tuple>

#include "collectors/arrays/btrfs.hpp"
#include "collectors/arrays/observations.hpp"
#include "collectors/arrays/parse/md_sysfs.hpp"
#include "collectors/explainer.hpp"
#include "tests/collectors/golden.hpp"
#include "tests/select.hpp"
#include "tests/temporary_directory.hpp"

using namespace lastgood;

namespace {

const Collector& arrays() {
    const Collector* collector = find_collector("arrays");
    REQUIRE(collector != nullptr);
    return *collector;
}

std::optional<double> value(const MemorySink& sink, const Metric& metric,
                            std::string_view subject) {
    return value_of(sink.observations, metric, subject);
}

bool has_member(const MemorySink& sink, std::string_view array, std::string_view drive,
                std::string_view state) {
    for (const Observation* one : test::select(sink.observations, metric::array_member, array))
        if (one->label("drive") == drive && one->label("state") == state) return true;
    return false;
}

// A temporary copy of a directory, or an empty one.
struct Scratch : test::TemporaryDirectory {
    explicit Scratch(const std::string& copy_of) {
        if (!copy_of.empty()) copy(copy_of, "");
    }
};

constexpr const char* mirror = "md-uuid-0a1b2c3d:4e5f6071:8293a4b5:c6d7e8f9";

}  // namespace

TEST_CASE("arrays of recorded hosts match their golden files") {
    for (const char* name : {"mirror-healthy", "raid10-one-lost", "raid5-rebuilding",
                             "btrfs-missing-drive", "mdstat-only"})
        CHECK(test::matches_golden(fmt::format("hosts/{}/golden/arrays.jsonl", name),
                                   test::run_on_host(arrays(), test::host_directory(name)).text));
}

TEST_CASE("degraded RAID 10: the lost member's partner is fatal") {
    const auto ran = test::run_on_host(arrays(), test::host_directory("raid10-one-lost"));
    const char* id = "md-uuid-11111111:22223333:44445555:55555555";
    CHECK(value(ran.sink, metric::array_degraded_members, id) == 1);
    CHECK(value(ran.sink, metric::array_survivable_failures, id) == 0);
    CHECK(value(ran.sink, metric::array_fatal_members, id) == 1);
    CHECK(value(ran.sink, metric::array_failed, id) == 0);
    CHECK(value(ran.sink, metric::array_mismatch_sectors, id) == 128);
    for (const Observation* one :
         test::select(ran.sink.observations, metric::array_member_fatal, id)) {
        CHECK(one->value == (one->label("device") == "sda" ? 1 : 0));
        CHECK(one->label("drive") != "");
    }
    for (const Observation* one :
         test::select(ran.sink.observations, metric::array_member_bad_blocks, id))
        CHECK(one->value == (one->label("device") == "sda" ? 2 : 0));
}

TEST_CASE("rebuild: the old drive is faulty, the new one rebuilding") {
    const auto ran = test::run_on_host(arrays(), test::host_directory("raid5-rebuilding"));
    const char* id = "md-uuid-99999999:88887777:66665555:55555555";
    CHECK(has_member(ran.sink, id, "wwn-0x5000e5a000000202", "faulty"));
    CHECK(has_member(ran.sink, id, "wwn-0x5000e5a000000203", "rebuilding"));
    CHECK(value(ran.sink, metric::array_fatal_members, id) == 2);
    CHECK(*value(ran.sink, metric::array_sync_progress_ratio, id) ==
          doctest::Approx(0.125).epsilon(0.001));
    CHECK(*value(ran.sink, metric::array_sync_remaining_seconds, id) ==
          doctest::Approx((15624000000.0 - 1953125000.0) / 2 / 180000));
}

TEST_CASE("a malformed array is reported as unreadable and does not affect the others") {
    const auto ran = test::run_on_host(arrays(), test::host_directory("mdstat-only"));
    CHECK(value(ran.sink, metric::array_readable, "md0") == 1);
    CHECK(value(ran.sink, metric::array_readable, "md1") == 0);
    CHECK(value(ran.sink, metric::array_failed, "md0") == 0);
    CHECK_FALSE(value(ran.sink, metric::array_failed, "md1"));
    CHECK(value(ran.sink, metric::array_failed, "md2") == 1);
    CHECK(value(ran.sink, metric::array_failed, "md3") == 1);
    CHECK(value(ran.sink, metric::array_failed, "md127") == 0);
    REQUIRE(ran.sink.problems.size() == 1);
    CHECK(ran.sink.problems[0].first == "md1");
}

TEST_CASE("a kernel without md gives an empty answer") {
    const Scratch host("");
    const auto ran = test::run_on_host(arrays(), host.path);
    CHECK(ran.text == "");
}

TEST_CASE("the time of the last check is kept in the cursor") {
    const Scratch host(test::host_directory("mirror-healthy"));
    const std::string md = "sys/devices/virtual/block/md0/md/";
    auto first = test::run_on_host(arrays(), host.path);
    CHECK_FALSE(value(first.sink, metric::array_last_check_timestamp_seconds, mirror));

    const std::string cursor =
        fmt::format(R"({{"{}":{{"known":1,"checked":1789000000}}}})", mirror);
    auto checked = test::run_on_host(arrays(), host.path, {}, cursor);
    CHECK(value(checked.sink, metric::array_last_check_timestamp_seconds, mirror) == 1789000000);
    // Only the agent knows since when an array has not been checked.
    CHECK_FALSE(value(checked.sink, metric::array_unchecked_since_timestamp_seconds, mirror));

    for (const char* malformed :
         {"rubbish", "[]", "{\"a\":1}", "{\"a\":{\"known\":\"x\"}}", "\xff"})
        CHECK(value(test::run_on_host(arrays(), host.path, {}, malformed).sink,
                    metric::array_readable, mirror) == 1);
}

TEST_CASE("mismatches are observed only after a check or a repair") {
    const Scratch host(test::host_directory("raid10-one-lost"));
    const char* id = "md-uuid-11111111:22223333:44445555:55555555";
    const std::string md = "sys/devices/virtual/block/md127/md/";
    auto mismatches = [&] {
        return value(test::run_on_host(arrays(), host.path).sink, metric::array_mismatch_sectors,
                     id);
    };
    CHECK(mismatches() == 128);
    host.write(md + "last_sync_action", "resync\n");
    CHECK_FALSE(mismatches());
    host.write(md + "last_sync_action", "repair\n");
    CHECK(mismatches() == 128);
    host.write(md + "sync_action", "recover\n");
    CHECK_FALSE(mismatches());
    host.write(md + "sync_action", "check\n");
    CHECK(mismatches() == 128);
}

TEST_CASE("unknown words of a newer kernel make an array unreadable and are shown") {
    const Scratch host(test::host_directory("mirror-healthy"));
    const std::string md = "sys/devices/virtual/block/md0/md/";
    auto readable = [&] {
        return value(test::run_on_host(arrays(), host.path).sink, metric::array_readable, mirror);
    };
    CHECK(readable() == 1);
    for (const auto& change :
         {std::tuple{"sync_action", "scrub", "idle"},
          std::tuple{"array_state", "dreaming", "clean"}, std::tuple{"level", "raid11", "raid1"},
          std::tuple{"dev-sda2/state", "in_sync,sleepy", "in_sync"},
          std::tuple{"raid_disks", "many", "2"}, std::tuple{"degraded", "perhaps", "0"}}) {
        const char* const file =
            std::get<0>(change);  // clang 14 cannot capture structured bindings
        const char* const word = std::get<1>(change);
        const char* const usual = std::get<2>(change);
        host.write(md + file, fmt::format("{}\n", word));
        INFO(file);
        CHECK(readable() == 0);
        host.write(md + file, fmt::format("{}\n", usual));
    }
    host.write(md + "sync_action", "scrub\n");
    const auto ran = test::run_on_host(arrays(), host.path);
    CHECK(test::select(ran.sink.observations, metric::array_sync_action, mirror)[0]->label(
              "action") == "scrub");
    CHECK(readable() == 0);
}

TEST_CASE("sysfs: numbers and member states") {
    CHECK(parse_md_number("4\n")->now == 4);
    CHECK(parse_md_number("11 (10)\n")->now == 11);
    CHECK(parse_md_number("11 (10)\n")->before == 10);
    CHECK_FALSE(parse_md_number(""));
    CHECK_FALSE(parse_md_number("4 of 5"));
    CHECK_FALSE(parse_md_number("11 (10"));
    CHECK(parse_md_completed("5 / 10\n") == std::pair(5.0, 10.0));
    CHECK_FALSE(parse_md_completed("none"));
    CHECK_FALSE(parse_md_completed("5 / 0"));
    auto state = [](std::string_view text, std::string_view slot) {
        MdMember member;
        std::string problem;
        parse_md_member_state(text, slot, member, problem);
        return fmt::format("{}{}", to_string(member.state), problem.empty() ? "" : "?");
    };
    CHECK(state("in_sync", "0") == "in_sync");
    CHECK(state("in_sync,write_mostly\n", "0\n") == "in_sync");
    CHECK(state("spare", "none") == "spare");
    CHECK(state("spare", "2") == "rebuilding");
    CHECK(state("faulty,blocked,write_error", "none") == "faulty");
    CHECK(state("journal", "journal") == "journal");
    CHECK(state("in_sync,journal", "none") == "journal");
    CHECK(state("spare,replacement", "2") == "replacement");
    CHECK(state("in_sync,want_replacement,failfast,external_bbl", "2") == "in_sync");
    CHECK(state("in_sync,levitating", "2") == "in_sync?");
    CHECK(state("", "none") == "unknown");
}

TEST_CASE("btrfs: a device that was pulled while mounted is missing") {
    const Scratch scratch(test::host_directory("btrfs-missing-drive"));
    // In Linux 6.1 the name stays in devices/ and "missing" stays 0, although the drive is gone.
    const std::string root = "sys/fs/btrfs/deadbeef-0000-4000-8000-00000000cafe/";
    scratch.write(root + "devinfo/2/missing", "0\n");
    std::filesystem::create_symlink("../../../../devices/gone/block/sdk",
                                    scratch.at(root + "devices/sdk"));
    const auto ran = test::run_on_host(arrays(), scratch.path);
    const char* id = "btrfs-deadbeef-0000-4000-8000-00000000cafe";
    CHECK(value(ran.sink, metric::array_members, id) == 2);
    CHECK(value(ran.sink, metric::array_degraded_members, id) == 1);
    CHECK(value(ran.sink, metric::array_survivable_failures, id) == 0);
    CHECK(value(ran.sink, metric::array_fatal_members, id) == 1);
    CHECK(has_member(ran.sink, id, "", "missing"));
}

TEST_CASE("btrfs: losses that each profile survives") {
    CHECK(btrfs_profile_survives("raid1") == 1);
    CHECK(btrfs_profile_survives("raid1c4") == 3);
    CHECK(btrfs_profile_survives("dup") == 0);
    CHECK(btrfs_profile_survives("raid7") == -1);
}

TEST_CASE("explain: mdstat is recognised, other texts are not") {
    const std::string text = test::read_file(test::host_directory("mdstat-only") + "/proc/mdstat");
    CHECK(mdstat_explainer.recognises(text));
    CHECK(mdstat_explainer.recognises("$ cat /proc/mdstat\n" + text));
    CHECK(mdstat_explainer.recognises("Personalities : \nunused devices: <none>\n"));
    CHECK_FALSE(mdstat_explainer.recognises(""));
    CHECK_FALSE(mdstat_explainer.recognises("md: md0: recovery done.\nmd0 : 100 blocks\n"));
    CHECK_FALSE(mdstat_explainer.recognises(
        "[    1.0] md0: detected capacity change from 0 to 1\n[    1.2] 5 blocks\n"));
    ExplainSink sink;
    REQUIRE(mdstat_explainer.explain(text, 0, sink));
    CHECK(value(sink, metric::array_failed, "md2") == 1);
    CHECK_FALSE(mdstat_explainer.explain("nothing of the kind", 0, sink));
}

TEST_CASE("explain: every recorded mdstat gives observations and no problem") {
    auto corpora = test::corpora_directory();
    if (!corpora) return;
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(*corpora + "/mdstat")) {
        const std::string text = test::read_file(entry.path().string());
        INFO(entry.path().string());
        CHECK(mdstat_explainer.recognises(text));
        ExplainSink sink;
        CHECK(mdstat_explainer.explain(text, 0, sink));
        CHECK(sink.problems.empty());
        CHECK_FALSE(sink.observations.empty());
        ++files;
    }
    CHECK(files >= 76);
}

TEST_CASE("recorded md directories of sysfs match INDEX.tsv") {
    auto corpora = test::corpora_directory();
    if (!corpora) return;
    std::istringstream index(test::read_file(*corpora + "/INDEX.tsv"));
    std::string line;
    int trees = 0;
    while (std::getline(index, line)) {
        std::vector<std::string> columns;
        std::istringstream fields(line);
        for (std::string field; std::getline(fields, field, '\t');) columns.push_back(field);
        if (columns.size() < 5 || columns[1] != "md-sysfs") continue;
        ++trees;
        INFO(columns[0]);
        const std::string tree = columns[0].substr(0, columns[0].size() - 1);
        const std::string device = tree.substr(tree.rfind('/') + 1);
        const Scratch host("");
        host.copy(*corpora + "/" + tree, "sys/block/" + device);
        const Host recorded(host.path);
        const auto array = read_md_sysfs(recorded, device);
        REQUIRE(array);
        CHECK(array->problem == "");
        // In the words of the index, which has raw words for files without a number.
        std::string got =
            fmt::format("level={} array_state={}", array->level.word, array->state.word);
        got += !array->raid_disks         ? " raid_disks="
               : array->former_raid_disks ? fmt::format(" raid_disks={} ({})", *array->raid_disks,
                                                        *array->former_raid_disks)
                                          : fmt::format(" raid_disks={}", *array->raid_disks);
        CHECK_MESSAGE(columns[4].starts_with(got + " "), got);
        const bool counted = columns[4].find("degraded=absent") == std::string::npos;
        if (counted)
            CHECK(columns[4].find(fmt::format(" degraded={} ", *array->degraded)) !=
                  std::string::npos);
        if (columns[4].find("sync_action=absent") == std::string::npos)
            CHECK(columns[4].find(fmt::format(
                      " sync_action={} ", to_string(array->action.value))) != std::string::npos);
        else
            CHECK(array->action.value == MdAction::idle);
        std::string members;
        for (const MdMember& member : array->members)
            members += fmt::format("{}{}={}", members.empty() ? "" : ", ", member.device,
                                   to_string(member.state));
        CHECK_MESSAGE(columns[4].ends_with("members" + (members.empty() ? "" : " " + members)),
                      members);

        // Item 15 of the corpora's README.md.
        if (device == "md0") CHECK(array->degraded == 0);
        if (device == "md5")
            CHECK(array->slots == std::vector{MdSlot::in_sync, MdSlot::in_sync, MdSlot::missing});
        if (device == "md6") CHECK(array->slots[3] == MdSlot::rebuilding);
        if (device == "md7") CHECK(is_container(*array));
    }
    CHECK(trees >= 8);
}

TEST_CASE("two halves of one mirror that were started apart are two arrays") {
    const Scratch host("");
    host.write("proc/mdstat", "Personalities : [raid1]\nunused devices: <none>\n");
    for (const char* device : {"md0", "md1"}) {
        const std::string md = std::string("sys/block/") + device + "/md/";
        host.write(md + "array_state", "clean\n");
        host.write(md + "level", "raid1\n");
        host.write(md + "raid_disks", "2\n");
        host.write(md + "degraded", "1\n");
        host.write(md + "metadata_version", "1.2\n");
        host.write(md + "sync_action", "idle\n");
        host.write(md + "uuid", "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9\n");
    }
    const auto ran = test::run_on_host(arrays(), host.path);
    CHECK(value(ran.sink, metric::array_present, mirror) == 1);
    CHECK(value(ran.sink, metric::array_present, std::string(mirror) + "-md1") == 1);
    CHECK(test::select(ran.sink.observations, metric::array_present).size() == 2);
}

TEST_CASE("an array that is half assembled has its members' UUID, or is told and not missed") {
    const Scratch host("");
    host.write("proc/mdstat",
               "Personalities :\nmd127 : inactive sdb[1](S)\n      1000 blocks super 1.2\n\n"
               "unused devices: <none>\n");
    const std::string md = "sys/block/md127/md/";
    host.write(md + "array_state", "inactive\n");
    host.write(md + "level", "\n");
    host.write(md + "raid_disks", "0\n");
    host.write(md + "metadata_version", "1.2\n");
    host.write(md + "dev-sdb/state", "spare\n");
    host.write("sys/class/block/sdb/dev", "8:16\n");
    const auto nameless = test::run_on_host(arrays(), host.path);
    CHECK(value(nameless.sink, metric::array_failed, "md127") == 1);
    CHECK(test::select(nameless.sink.observations, metric::array_present).empty());
    host.write("run/udev/data/b8:16",
               "E:ID_FS_TYPE=linux_raid_member\n"
               "E:ID_FS_UUID=0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9\n");
    const auto named = test::run_on_host(arrays(), host.path);
    CHECK(value(named.sink, metric::array_present, mirror) == 1);
    CHECK(value(named.sink, metric::array_failed, mirror) == 1);
}

TEST_CASE("a rebuild that would take longer than ten years has no forecast") {
    const Scratch host(test::host_directory("raid5-rebuilding"));
    const char* id = "md-uuid-99999999:88887777:66665555:55555555";
    std::string md;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(host.at("sys/devices/virtual/block")))
        if (entry.path().filename() == "sync_speed")
            md = std::filesystem::relative(entry.path().parent_path(), host.path).string() + "/";
    std::filesystem::remove(host.at("proc/mdstat"));  // which has a forecast of its own
    const auto remaining = [&](const char* speed) {
        host.write(md + "sync_speed", speed);
        return value(test::run_on_host(arrays(), host.path).sink,
                     metric::array_sync_remaining_seconds, id);
    };
    CHECK(remaining("180000\n"));
    CHECK(remaining("100\n"));
    CHECK_FALSE(remaining("10\n"));
    CHECK_FALSE(remaining("0\n"));
}

TEST_CASE("a resync or reshape that was interrupted or never began is pending") {
    const Scratch host(test::host_directory("mirror-healthy"));
    const auto phase = [&] {
        const auto ran = test::run_on_host(arrays(), host.path);
        const auto found = test::select(ran.sink.observations, metric::array_sync_action, mirror);
        return fmt::format("{} {}", found.at(0)->label("action"), found.at(0)->label("phase"));
    };
    const std::string md = "sys/devices/virtual/block/md0/md/";
    host.write(md + "resync_start", "none\n");
    CHECK(phase() == "idle none");
    host.write(md + "resync_start", "123456\n");
    CHECK(phase() == "resync pending");
    host.write(md + "sync_action", "frozen\n");
    CHECK(phase() == "resync pending");
    host.write(md + "sync_action", "check\n");
    CHECK(phase() == "check running");
    host.write(md + "resync_start", "none\n");
    host.write(md + "reshape_position", "none\n");
    host.write(md + "sync_action", "idle\n");
    CHECK(phase() == "idle none");
    host.write(md + "reshape_position", "123456\n");
    CHECK(phase() == "reshape pending");
    host.write(md + "reshape_position", "none\n");
    host.write(md + "raid_disks", "2 (3)\n");
    CHECK(phase() == "reshape pending");
}

TEST_CASE("an array whose files contradict each other is not readable") {
    const Scratch host(test::host_directory("mirror-healthy"));
    const std::string md = "sys/devices/virtual/block/md0/md/";
    const auto readable = [&] {
        return value(test::run_on_host(arrays(), host.path).sink, metric::array_readable, mirror);
    };
    CHECK(readable() == 1);
    host.write(md + "degraded", "1\n");
    CHECK(readable() == 0);
    host.write(md + "dev-sdb2/state", "faulty\n");
    CHECK(readable() == 1);
    host.write(md + "degraded", "0\n");
    CHECK(readable() == 0);
}

TEST_CASE("a RAID 10 whose layout cannot be read is not understood") {
    const Scratch host(test::host_directory("mirror-healthy"));
    const std::string md = "sys/devices/virtual/block/md0/md/";
    host.write(md + "level", "raid10\n");
    host.write(md + "layout", "garbage\n");
    std::filesystem::remove(host.at("proc/mdstat"));
    const auto ran = test::run_on_host(arrays(), host.path);
    CHECK(value(ran.sink, metric::array_readable, mirror) == 0);
    CHECK_FALSE(value(ran.sink, metric::array_survivable_failures, mirror));
}
