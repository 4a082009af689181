// Tests the parsers of the records that backup tools leave in clear, on texts as the tools of
// Debian 12 write them.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>

#include "collectors/backups/parse/barman_info.hpp"
#include "collectors/backups/parse/btrbk_name.hpp"
#include "collectors/backups/parse/dirvish_index.hpp"
#include "collectors/backups/parse/dirvish_summary.hpp"
#include "collectors/backups/parse/duplicity_name.hpp"
#include "collectors/backups/parse/git_objects.hpp"
#include "collectors/backups/parse/mariabackup_info.hpp"
#include "collectors/backups/parse/rdiff_backup_statistics.hpp"
#include "collectors/backups/parse/record_time.hpp"
#include "collectors/backups/parse/snapper_info.hpp"
#include "tests/time_zone.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp noon = 1795694400;  // 2026-11-26 12:00:00 UTC

}  // namespace

TEST_CASE("times in records: with an offset, in UTC, local") {
    const test::TimeZone zone("America/New_York");
    CHECK(parse_record_time("2026-11-26 12:00:00.500000+00:00") == noon + 0.5);
    CHECK(parse_record_time(" 2026-11-26T12:00:00Z\n") == noon);
    CHECK(parse_record_time("2026-11-26 13:30:00+0130") == noon);
    CHECK(parse_record_time("2026-11-26 04:00:00 -08") == noon);
    CHECK(parse_record_time("2026-11-26 07:00:00") == noon);
    for (const char* text :
         {"", "None", "2026-11-26", "2026-02-30 12:00:00", "2026-11-26 24:00:00",
          "2026-11-26 12:00:00 CET", "2026-11-26 12:00:00+99:00", "2026-11-26 12:00:00+1",
          "26-11-2026 12:00:00", "1969-11-26 12:00:00", "2026-11-26 12:00:00x"})
        CHECK_FALSE_MESSAGE(parse_record_time(text), text);
}

TEST_CASE("barman's backup.info") {
    const auto info = parse_barman_backup_info(
        "backup_label='START WAL LOCATION: 0/3000028 (file 000000010000000000000003)\\n'\n"
        "begin_time=2026-11-26 11:59:00.442373+00:00\nbegin_wal=000000010000000000000003\n"
        "end_time=2026-11-26 12:00:00+00:00\nend_wal=000000010000000000000004\nerror=None\n"
        "mode=postgres\nsize=23130146\nstatus=DONE\n");
    REQUIRE(info);
    CHECK(info->status == BarmanStatus::done);
    CHECK(info->end == noon);
    CHECK(info->size == 23130146);
    CHECK(info->error.empty());
    CHECK(info->begin_wal == "000000010000000000000003");
    CHECK_FALSE(info->is_snapshot);
    CHECK(info->parent.empty());
    CHECK(parse_barman_backup_info("status=DONE\nparent_backup_id=None")->parent.empty());
    CHECK(parse_barman_backup_info("status=DONE\nparent_backup_id=20261126T115900")->parent ==
          "20261126T115900");
    CHECK(parse_barman_backup_info("status=DONE\nparent_backup_id=../x")->parent == "?");

    const auto failed = parse_barman_backup_info(
        "status=FAILED\nerror=failure copying files\nend_wal=../../../etc/passwd\n"
        "mode=snapshot\nsize=-1\n");
    REQUIRE(failed);
    CHECK(failed->status == BarmanStatus::failed);
    CHECK(failed->error == "failure copying files");
    CHECK(failed->end_wal.empty());
    CHECK(failed->is_snapshot);
    CHECK_FALSE(failed->size);
    CHECK_FALSE(failed->end);
    CHECK(parse_barman_backup_info("status=WAITING_FOR_WALS")->status ==
          BarmanStatus::waiting_for_wals);
    CHECK(parse_barman_backup_info("status=STARTED")->status == BarmanStatus::started);
    CHECK(parse_barman_backup_info("status=EMPTY")->status == BarmanStatus::other);
    CHECK_FALSE(parse_barman_backup_info(""));
    CHECK_FALSE(parse_barman_backup_info("status\nsize=1\n"));
}

TEST_CASE("duplicity's names") {
    const auto full = parse_duplicity_name("duplicity-full.20261126T120000Z.vol12.difftar.gpg");
    REQUIRE(full);
    CHECK(full->file == DuplicityFile::volume);
    CHECK(full->full);
    CHECK(full->time == noon);
    CHECK(full->volume == 12);
    CHECK(full->encrypted);
    const auto increment =
        parse_duplicity_name("web-duplicity-inc.20261126T120000Z.to.20261126T120003Z.manifest");
    REQUIRE(increment);
    CHECK(increment->prefix == "web-");
    CHECK(increment->file == DuplicityFile::manifest);
    CHECK_FALSE(increment->full);
    CHECK(increment->base == noon);
    CHECK(increment->time == noon + 3);
    CHECK_FALSE(increment->encrypted);
    for (const char* name :
         {"", "duplicity-", "duplicity-full.", "duplicity-full.20261126T120000Z",
          "duplicity-full.20261326T120000Z.manifest", "duplicity-full.2026112xT120000Z.manifest",
          "duplicity-full.20261126T120000Z.manifest.part",
          "duplicity-full.20261126T120000Z.vol0.difftar",
          "duplicity-full.20261126T120000Z.vol.difftar",
          "duplicity-full-signatures.20261126T120000Z.sigtar.gz",
          "duplicity-new-signatures.20261126T120000Z.to.20261126T120003Z.sigtar.gz",
          "duplicity-inc.20261126T120000Z.manifest"})
        CHECK_FALSE_MESSAGE(parse_duplicity_name(name), name);
    CHECK(count_duplicity_volumes("Hostname vm\nLocaldir src\nVolume 1:\n    StartingPath   .\n"
                                  "Volume 2:\nFilelist 2\n") == 2);
    CHECK(count_duplicity_volumes("Hostname vm\nVolume 1:\nVolume 2:\nVolume 2:\nVolume 3:\n") ==
          3);
    CHECK_FALSE(count_duplicity_volumes("\x85\x02Hostname vm\nVolume 1:\n"));
}

TEST_CASE("rdiff-backup's statistics") {
    const auto session = parse_rdiff_backup_statistics(
        "StartTime 1795694400.00 (Thu Nov 26 12:00:00 2026)\n"
        "EndTime 1795694400.50 (Thu Nov 26 12:00:00 2026)\nSourceFiles 3\n"
        "SourceFileSize 4 (4 bytes)\nErrors 2\n");
    REQUIRE(session);
    CHECK(session->start == noon);
    CHECK(session->end == noon + 0.5);
    CHECK(session->source_files == 3);
    CHECK(session->source_size == 4);
    CHECK(session->errors == 2);
    for (const char* text : {"", "StartTime 1795694400.00\n", "EndTime x\n", "EndTime -5\n",
                             "EndTime nan\n", "EndTime inf\n", "EndTime 1e300\n"})
        CHECK_FALSE_MESSAGE(parse_rdiff_backup_statistics(text), text);
}

TEST_CASE("dirvish's index: names of any kind, and the bytes of files") {
    DirvishIndex index;
    const std::string_view rest = add_dirvish_index(
        "  1081344      4 drwxr-xr-x   3 root     root         4096 Nov 26 23:12 /srv\n"
        "  1081350    196 -rw-r--r--   1 root     root       200000 Nov 26 23:12 /srv/a\\ b\n"
        "  1081351      0 lrwxrwxrwx   1 root     root            3 Nov 26 23:12 /srv/l -> a b\n"
        "  1081352      0 crw-rw----   1 root     disk       8,   0 Nov 26 23:12 /srv/c\n"
        "  1081353      4 -rw-r--r--   2 1000     1000            7 Nov 26  2025 /srv/d\n"
        "\nnone\n  1081354      4 -rw-r--r--   2 1000",
        index);
    CHECK(index.entries == 5);
    CHECK(index.bytes == 200007);
    CHECK(rest == "  1081354      4 -rw-r--r--   2 1000");
}

TEST_CASE("dirvish's summary") {
    const test::TimeZone zone("UTC");
    const std::string head =
        "client: vm\ntree: /srv/a: b\nvault: vault\nbranch: default\nImage: 20261126120000\n"
        "Expire: Never\n\nACTION: rsync -vrltH /srv/ /bank/vault/20261126120000/tree\n"
        "Backup-begin: 2026-11-26 11:59:00\n";
    const auto running = parse_dirvish_summary(head);
    REQUIRE(running);
    CHECK(running->branch == "default");
    CHECK(running->begin == noon - 60);
    CHECK_FALSE(running->complete);
    CHECK(running->status.empty());
    const auto done = parse_dirvish_summary(head +
                                            "Backup-complete: 2026-11-26 12:00:00\n"
                                            "Status: error (23) -- partial transfer\n");
    REQUIRE(done);
    CHECK(done->complete == noon);
    CHECK_FALSE(is_whole_dirvish_status(done->status));
    CHECK(is_whole_dirvish_status("success"));
    CHECK(is_whole_dirvish_status("warning (24) -- file vanished on sender"));
    CHECK_FALSE(is_whole_dirvish_status("unknown (99) -- "));
    CHECK_FALSE(is_whole_dirvish_status(""));
    CHECK_FALSE(parse_dirvish_summary(""));
    CHECK_FALSE(parse_dirvish_summary("Status: success\n"));
}

TEST_CASE("mariabackup's records") {
    const test::TimeZone zone("UTC");
    const auto info = parse_mariabackup_info(
        "uuid = 86202cbf\ntool_command = --backup --target-dir=/x\nstart_time = 2026-11-26 "
        "11:59:00\n"
        "end_time = 2026-11-26 12:00:00\npartial = N\nincremental = N\n");
    REQUIRE(info);
    CHECK(info->end == noon);
    CHECK_FALSE(info->partial);
    CHECK(parse_mariabackup_info("end_time = 2026-11-26 12:00:00\npartial = Y\n")->partial);
    CHECK_FALSE(parse_mariabackup_info("end_time = \n"));
    CHECK_FALSE(parse_mariabackup_info(""));
    const auto increment = parse_mariabackup_checkpoints(
        "backup_type = incremental\nfrom_lsn = 44878\nto_lsn = 18446744073709551615\n");
    REQUIRE(increment);
    CHECK(increment->incremental);
    CHECK(increment->from == 44878);
    CHECK(increment->to == 18446744073709551615U);
    for (const char* type : {"full-backuped", "log-applied", "full-prepared"})
        CHECK_FALSE(
            parse_mariabackup_checkpoints(std::string("backup_type = ") + type)->incremental);
    CHECK_FALSE(parse_mariabackup_checkpoints("to_lsn = 5\n"));
}

TEST_CASE("git's logs and commits") {
    const std::string one(40, 'a'), other(40, 'b');
    const std::string line = one + " " + other + " A B <a@b> 1795694400 +0000";
    const auto entry = parse_last_reflog_entry("x\n" + line + "\tbup save\n");
    REQUIRE(entry);
    CHECK(entry->id == other);
    CHECK(entry->time == noon);
    CHECK(parse_last_reflog_entry(line + "\n")->time == noon);
    for (const std::string text : {"", "\n", "a b c d", "\t"})
        CHECK_FALSE(parse_last_reflog_entry(text));
    CHECK_FALSE(parse_last_reflog_entry(one + " " + other + " A <a@b> x +0000"));
    CHECK(parse_commit_time("tree x\nauthor A <a@b> 1 +0000\ncommitter A > <a@b> 1795694400 +0100\n"
                            "\nmessage") == noon);
    CHECK_FALSE(parse_commit_time("tree x\n\ncommitter A <a@b> 1795694400 +0100\n"));
    CHECK_FALSE(parse_commit_time("committer A\n"));
    CHECK(is_git_id(one));
    CHECK_FALSE(is_git_id(std::string(40, 'A')));
    CHECK_FALSE(is_git_id("a"));
}

namespace {

ReadAt reader_of(const std::string& bytes) {
    return [&bytes](uint64_t offset, size_t length) {
        return offset > bytes.size() ? std::string() : bytes.substr(offset, length);
    };
}

std::string big_endian(uint64_t value, int bytes) {
    std::string text;
    for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> 8 * i & 0xff);
    return text;
}

// An index of three objects: "11…", "aa…" at a place beyond 2 GiB, "ab…".
std::string pack_index() {
    std::string text = std::string("\377tOc", 4) + big_endian(2, 4);
    for (int byte = 0; byte < 256; ++byte)
        text += big_endian(byte < 0x11 ? 0 : byte < 0xaa ? 1 : byte < 0xab ? 2 : 3, 4);
    for (const char* digit : {"\x11", "\xaa", "\xab"})
        for (int i = 0; i < 20; ++i) text += digit;
    text += std::string(12, '\0');
    return text + big_endian(12, 4) + big_endian(0x80000000, 4) + big_endian(300, 4) +
           big_endian(5'000'000'000, 8);
}

}  // namespace

TEST_CASE("an index of a git pack tells where an object is") {
    const std::string index = pack_index();
    const auto find = [](const std::string& id, const std::string& bytes) {
        return find_in_pack_index(id, reader_of(bytes));
    };
    const auto id = [](const std::string& two) {
        std::string text;
        for (int i = 0; i < 20; ++i) text += two;
        return text;
    };
    CHECK(find(id("11"), index) == 12);
    CHECK(find(id("aa"), index) == 5'000'000'000);
    CHECK(find(id("ab"), index) == 300);
    CHECK_FALSE(find(id("00"), index));
    CHECK_FALSE(find(id("ac"), index));
    CHECK_FALSE(find("11", index));
    for (size_t length = 0; length < index.size() - 8; length += 7)
        find(id("ab"), index.substr(0, length));  // must not read what is not there
    CHECK_FALSE(find(id("ab"), index.substr(0, 1100)));
    CHECK_FALSE(find(id("ab"), "PACK" + index));
}

TEST_CASE("only a whole commit is read from a git pack") {
    // "commit" of 5 bytes, "hello", deflated.
    const std::string packed("\x15\x78\x9c\xcb\x48\xcd\xc9\xc9\x07\x00\x06\x2c\x02\x15", 14);
    CHECK(read_packed_commit(0, reader_of(packed)) == "hello");
    CHECK(read_packed_commit(3, reader_of("abc" + packed)) == "hello");
    CHECK_FALSE(read_packed_commit(0, reader_of(packed.substr(0, 9))));
    CHECK_FALSE(read_packed_commit(0, reader_of("\x35" + packed.substr(1))));  // a blob
    CHECK_FALSE(read_packed_commit(0, reader_of(std::string(30, '\x95'))));
    CHECK_FALSE(read_packed_commit(99, reader_of(packed)));
    CHECK_FALSE(read_packed_commit(0, reader_of("")));
}

TEST_CASE("names of btrbk") {
    const test::TimeZone zone("UTC");
    const auto name = parse_btrbk_name("var.lib.20261126T1200_2");
    REQUIRE(name);
    CHECK(name->subvolume == "var.lib");
    CHECK(name->time == noon);
    CHECK(name->precision == 60);
    CHECK(name->number == 2);
    CHECK(parse_btrbk_name("home.20261126T140000+0200")->time == noon);
    CHECK(parse_btrbk_name("home.20261126T120000Z")->precision == 1);
    const auto day = parse_btrbk_name("home.20261126");
    REQUIRE(day);
    CHECK(day->time == noon - 12 * 3600.0);
    CHECK(day->precision == 86400);
    for (const char* other :
         {"", ".20261126T1200", "home", "home.", "home.20261126T1200x", "home.20261126T12",
          "home.20261126T120000", "home.20261326T1200", "home.20261126T1200_", "home.2026-11-26",
          "home.20261126T1200_x", "home.20261126T1200--d1-2.btrfs"})
        CHECK_FALSE_MESSAGE(parse_btrbk_name(other), other);
}

TEST_CASE("snapper's record") {
    const test::TimeZone zone("America/New_York");
    const std::string record =
        "<?xml version=\"1.0\"?>\n<snapshot>\n  <type>single</type>\n  <num>1</num>\n"
        "  <date>2026-11-26 12:00:00</date>\n  <description>timeline</description>\n"
        "  <cleanup>timeline</cleanup>\n</snapshot>\n";
    CHECK(parse_snapper_date(record) == noon);
    for (size_t length = 0; length + 1 < record.size(); ++length)
        CHECK_FALSE_MESSAGE(parse_snapper_date(record.substr(0, length)), length);
    CHECK_FALSE(parse_snapper_date("<snapshot><date>yesterday</date></snapshot>"));
    CHECK_FALSE(parse_snapper_date("<snapshot></snapshot>"));
}
