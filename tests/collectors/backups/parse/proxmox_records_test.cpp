// Tests the parsers of what Proxmox' two tools leave: vzdump's names and logs, the manifests of
// Proxmox Backup Server.
#include <doctest/doctest.h>
#include <zlib.h>

#include <string>

#include "collectors/backups/parse/proxmox_manifest.hpp"
#include "collectors/backups/parse/vzdump_log.hpp"
#include "tests/collectors/backups/proxmox_blob.hpp"
#include "tests/support.hpp"
#include "tests/time_zone.hpp"

using namespace lastgood;

TEST_CASE("vzdump's names") {
    const test::TimeZone zone("UTC");
    const std::string stem = "vzdump-qemu-100-2026_11_26-12_00_00";
    for (const char* ending : {".vma", ".vma.zst", ".vma.gz", ".vma.lzo"}) {
        const auto name = parse_vzdump_name(stem + ending);
        REQUIRE(name);
        CHECK(name->guest == "qemu-100");
        CHECK(name->start == 1795694400);
        CHECK(name->stem == stem);
        CHECK(name->file == VzdumpFile::archive);
    }
    CHECK(parse_vzdump_name("vzdump-lxc-101-2026_11_26-12_00_00.tar.zst")->guest == "lxc-101");
    CHECK(parse_vzdump_name(stem + ".log")->file == VzdumpFile::log);
    CHECK(parse_vzdump_name(stem + ".vma.dat")->file == VzdumpFile::unfinished);
    CHECK(parse_vzdump_name("vzdump-lxc-101-2026_11_26-12_00_00.tmp")->file ==
          VzdumpFile::unfinished);
    for (const std::string& name :
         {std::string(), std::string("vzdump-"), std::string("vzdump-qemu-100"), stem,
          stem + ".notes", stem + ".vma.zst.notes", stem + ".vma.zst.protected", stem + ".vma.xz",
          std::string("vzdump-qemu--2026_11_26-12_00_00.vma"),
          std::string("vzdump-qemu-../x-2026_11_26-12_00_00.vma"),
          std::string("vzdump-host-100-2026_11_26-12_00_00.vma"),
          std::string("vzdump-qemu-100-2026_13_26-12_00_00.vma"),
          std::string("vzdump-qemu-100-2026-11-26-12_00_00.vma")})
        CHECK_FALSE_MESSAGE(parse_vzdump_name(name), name);
}

TEST_CASE("vzdump's logs") {
    const auto done = parse_vzdump_log(
        "2026-11-26 12:00:00 INFO: Starting Backup of VM 100 (qemu)\n"
        "2026-11-26 12:01:00 INFO: archive file size: 532MB\n"
        "2026-11-26 12:01:02 INFO: Finished Backup of VM 100 (00:01:02)\n");
    CHECK(done.finished);
    CHECK(done.error.empty());
    CHECK(done.duration == 62);
    CHECK(done.archive_size == 532.0 * 1024 * 1024);
    CHECK(parse_vzdump_log("INFO: archive file size: 1.50GB\n").archive_size ==
          1.5 * 1024 * 1024 * 1024);
    const auto failed = parse_vzdump_log(
        "2026-11-26 12:00:00 INFO: Starting Backup of VM 100 (qemu)\n"
        "2026-11-26 12:00:01 ERROR: Backup of VM 100 failed - no space left on device\n");
    CHECK_FALSE(failed.finished);
    CHECK(failed.error == "Backup of VM 100 failed - no space left on device");
    CHECK_FALSE(failed.duration);
    CHECK_FALSE(parse_vzdump_log("INFO: Finished Backup of VM 100 (0:x:1)\n").duration);
    CHECK_FALSE(parse_vzdump_log("INFO: archive file size: -5MB\n").archive_size);
    CHECK_FALSE(parse_vzdump_log("").finished);
}

TEST_CASE("vzdump's logs of others' hosts") {
    const auto corpora = test::corpora_directory();
    if (!corpora) return;
    const auto qemu =
        parse_vzdump_log(test::read_file(*corpora + "/backup-tools/vzdump-qemu-manual.log"));
    CHECK(qemu.finished);
    CHECK(qemu.duration == 19);
    CHECK(qemu.archive_size == 532.0 * 1024 * 1024);
    const auto lxc =
        parse_vzdump_log(test::read_file(*corpora + "/backup-tools/vzdump-lxc-job.log"));
    CHECK(lxc.finished);
    CHECK(lxc.error.empty());
}

TEST_CASE("manifests of Proxmox Backup Server") {
    const std::string document =
        R"({"backup-id":"100","files":[{"filename":"drive-scsi0.img.fidx","size":1000},)"
        R"({"filename":"qemu-server.conf.blob","size":24},{"filename":"../x","size":7},{"size":1}],)"
        R"("unprotected":{"verify_state":{"state":"ok","upid":"UPID:"}}})";
    for (const bool packed : {false, true}) {
        const auto manifest = parse_proxmox_manifest(test::proxmox_blob(document, packed));
        REQUIRE(manifest);
        REQUIRE(manifest->files.size() == 2);
        CHECK(manifest->files[0] == "drive-scsi0.img.fidx");
        CHECK(manifest->size == 1024);
        CHECK_FALSE(manifest->verify_failed);
    }
    CHECK(parse_proxmox_manifest(
              test::proxmox_blob(
                  R"({"files":[],"unprotected":{"verify_state":{"state":"failed"}}})", false))
              ->verify_failed);
    CHECK_FALSE(parse_proxmox_manifest(
                    test::proxmox_blob(R"({"files":[],"unprotected":{"verify_state":[]}})", false))
                    ->verify_failed);
    const std::string blob = test::proxmox_blob(document, true);
    for (size_t length = 0; length < blob.size(); ++length)
        CHECK_FALSE(parse_proxmox_manifest(blob.substr(0, length)));
    std::string damaged = blob;
    damaged[20] = static_cast<char>(damaged[20] ^ 1);
    CHECK_FALSE(parse_proxmox_manifest(damaged));
    CHECK_FALSE(parse_proxmox_manifest(document));
    CHECK_FALSE(parse_proxmox_manifest(test::proxmox_blob("[1]", false)));
    CHECK_FALSE(parse_proxmox_manifest(test::proxmox_blob("{\"files\":", false)));
}

TEST_CASE("names of snapshots in Proxmox Backup Server") {
    const test::TimeZone zone("America/New_York");
    CHECK(parse_proxmox_snapshot_name("2026-11-26T12:00:00Z") == 1795694400);
    for (const char* name : {"", "owner", "notes", "2026-11-26", "2026-11-26 12:00:00Z",
                             "2026-11-26T12:00:00", "2026-11-26T12:00:00+1"})
        CHECK_FALSE(parse_proxmox_snapshot_name(name));
}
