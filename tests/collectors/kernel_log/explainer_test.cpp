// `lastgood explain` for kernel logs.
#include "collectors/explainer.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <string>

#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/report.hpp"
#include "core/text.hpp"
#include "tests/collectors/kernel_log/totals.hpp"
#include "tests/select.hpp"
#include "tests/support.hpp"

using namespace lastgood;
using test::text_of;
using test::totals;
using test::Totals;

TEST_CASE("explain: ports, addresses, numbers and partitions resolve to the drive's device name") {
    const std::string log =
        "[    1.0] sd 8:0:0:0: [sdq] 3907029168 512-byte logical blocks: (2.00 TB/1.82 TiB)\n"
        "[    1.1] sd 9:0:0:0: [sdr] 3907029168 512-byte logical blocks: (2.00 TB/1.82 TiB)\n"
        "[    1.2] usb-storage 2-1:1.0: USB Mass Storage device detected\n"
        "[    1.2] scsi host9: usb-storage 2-1:1.0\n"
        "[   99.0] ata9.00: exception Emask 0x0 SAct 0x0 SErr 0x0 action 0x0\n"
        "[   99.0] ata9.00: failed command: READ DMA\n"
        "[   99.0] ata9.00: cmd c8/00:08 tag 0 dma 4096 in\n"
        "         res 51/40 Emask 0x9 (media error)\n"
        "[   99.1] sd 8:0:0:0: [sdq] tag#0 FAILED Result: hostbyte=DID_OK driverbyte=DRIVER_SENSE\n"
        "[   99.1] sd 8:0:0:0: [sdq] tag#0 Sense Key : Medium Error [current]\n"
        "[   99.1] I/O error, dev sdq, sector 8\n"
        "[   99.1] ata9: EH complete\n"
        "[   99.2] Buffer I/O error on dev sdq1, logical block 1, async page read\n"
        "[  100.0] usb 2-1: reset SuperSpeed USB device number 2 using xhci_hcd\n"
        "[  100.0] usb 1-7: reset full-speed USB device number 4 using xhci_hcd\n"
        "[  101.0] EXT4-fs error (device md4): ext4_find_entry:1: x\n"
        "[  102.0] nvme nvme3: I/O 0 QID 0 timeout, aborting\n"
        "[  102.0] I/O error, dev nvme3n1, sector 8\n"
        "[  103.0] Write-error on swap-device (65:16:9)\n";
    CHECK(kernel_log_explainer.recognises(log));
    ExplainSink sink;
    REQUIRE(kernel_log_explainer.explain(log, 1700000000, sink));
    CHECK(
        text_of(totals(sink.observations)) ==
        "/dev/md4 inconsistent/filesystem=1; nvme3n1 io/block=1; nvme3n1 timeout/nvme=1; sdq "
        "io/block=1; "
        "sdq io/buffer=1; sdq medium/ata=1; sdq medium/scsi=1; sdr io/buffer=1; sdr reset/usb=1; ");
    size_t infos = 0;
    for (const Observation& o : sink.observations) {
        if (o.metric == &metric::drive_info) {
            ++infos;
            CHECK(o.label("device") == o.subject);
        }
    }
    CHECK(infos == 3);
}

TEST_CASE("explain: the log shows the type of a filesystem, which decides about the advice") {
    for (const auto& [saved, type] :
         {std::pair("EXT4-fs error (device sdq1): ext4_find_entry:1: x", "ext4"),
          {"EXT3-fs error (device sdq1): ext3_get_inode_loc: x", "ext3"},
          {"XFS (sdq1): log I/O error -5", "xfs"},
          {"BTRFS error (device sdq1): parent transid verify failed on 1 wanted 2 found 3",
           "btrfs"},
          {"FAT-fs (sdq1): error, fat_get_cluster: invalid cluster chain (i_pos 1)", "vfat"},
          {"Aborting journal on device sdq1-8.", ""}}) {
        const std::string line = saved;  // clang 14 captures no structured binding
        CAPTURE(line);
        ExplainSink sink;
        REQUIRE(kernel_log_explainer.explain(std::string("[    1.0] ") + line + "\n", 1700000000,
                                             sink));
        const auto info = test::select(sink.observations, metric::filesystem_info, "/dev/sdq1");
        REQUIRE(info.size() == 1);
        CHECK(info.front()->label("device") == "sdq1");
        CHECK(info.front()->label("fstype") == type);
    }
}

TEST_CASE("explain: a failed journal that its message does not name") {
    const auto explained = [](std::string_view log) {
        ExplainSink sink;
        REQUIRE(kernel_log_explainer.explain(log, 1700000000, sink));
        return text_of(totals(sink.observations));
    };
    CHECK(explained("[    1.0] journal commit I/O error\n") ==
          "unknown journal_aborted/journal=1; ");
    CHECK(explained("[    1.0] JBD2: IO error -5 recovering block 1234 in log\n"
                    "[    1.0] EXT4-fs (sdq1): error loading journal\n") ==
          "/dev/sdq1 inconsistent/filesystem=1; /dev/sdq1 inconsistent/journal=1; ");
    CHECK(explained("[    1.0] Aborting journal on device sdq1-8.\n"
                    "[    1.0] Aborting journal on device sdr1-8.\n"
                    "[    1.1] journal commit I/O error\n") ==
          "/dev/sdq1 journal_aborted/journal=1; /dev/sdr1 journal_aborted/journal=1; unknown "
          "journal_aborted/journal=1; ");
}

TEST_CASE("explain: a later line names the drive of an address") {
    ExplainSink sink;
    REQUIRE(kernel_log_explainer.explain(
        "[    1.0] sd 14:0:152:0: attempting task abort! scmd(ffff94f8c94d2448)\n"
        "[    1.0] sd 14:0:152:0: [sdwt] tag#7137 CDB: opcode=0x0 00 00 00 00 00 00\n"
        "[    2.0] sd 14:0:153:0: attempting task abort! scmd(ffff94f8c94d2448)\n"
        "[    2.0] sd 14:0:153:0: [sdwu] Write Protect is off\n"
        "[    3.0] nvme nvme3: pci function 0000:04:00.0\n"
        "[    3.1] nvme 0000:04:00.0: I/O 3 QID 2 timeout, aborting\n",
        1700000000, sink));
    CHECK(text_of(totals(sink.observations)) ==
          "nvme3 timeout/nvme=1; sdwt timeout/scsi=1; sdwu timeout/scsi=1; ");
}

TEST_CASE("explain: what is no drive has no errors") {
    ExplainSink sink;
    REQUIRE(kernel_log_explainer.explain(
        "[    1.0] blk_update_request: critical medium error, dev sr0, sector 0 op 0x0:(READ)\n"
        "[    1.0] sr 1:0:0:0: [sr0] tag#0 FAILED Result: hostbyte=DID_OK\n"
        "[    1.0] sr 1:0:0:0: [sr0] tag#0 Sense Key : Medium Error [current]\n"
        "[    1.0] blk_update_request: I/O error, dev fd0, sector 0\n"
        "[    1.0] blk_update_request: I/O error, dev mtdblock1, sector 0\n"
        "[    1.0] I/O error, dev mmcblk0boot1, sector 0\n"
        "[    1.0] Buffer I/O error on dev nbd0, logical block 0, async page read\n"
        "[    1.0] I/O error, dev loop7, sector 0\n",
        1700000000, sink));
    CHECK(text_of(totals(sink.observations)) == "");
}

TEST_CASE("explain: the state that a log tells") {
    const auto explained = [](std::string_view log) {
        ExplainSink sink;
        REQUIRE(kernel_log_explainer.explain(log, 1700000000, sink));
        return text_of(totals(sink.observations));
    };
    CHECK(explained("[    1.0] md/raid1:md4: active with 1 out of 2 mirrors\n") ==
          "md4 array_degraded/md=1; ");
    CHECK(explained("[    1.0] md/raid1:md4: active with 1 out of 2 mirrors\n"
                    "[    9.0] md: md4: recovery done.\n") == "");
    CHECK(explained("[    1.0] device-mapper: thin: 253:2: switching pool to out-of-data-space "
                    "(queue IO) mode\n") == "dm-2 pool_full/dm=1; ");
    ExplainSink sink;
    REQUIRE(kernel_log_explainer.explain(
        "[    1.0] EXT4-fs (sdq2): error count since last fsck: 8\n", 1700000000, sink));
    const auto count =
        test::select(sink.observations, metric::filesystem_kernel_errors_total, "/dev/sdq2");
    REQUIRE(count.size() == 1);
    CHECK(count.front()->value == 8);
}

TEST_CASE("explain: a log of FreeBSD's kernel is refused with that reason") {
    ExplainSink sink;
    REQUIRE(kernel_log_explainer.explain(
        "Nov 25 12:00:01 nas kernel: (da0:mps0:0:0:0): SCSI sense: MEDIUM ERROR asc:11,0\n"
        "Nov 25 12:00:02 nas kernel: (da0:mps0:0:0:0): Retrying command\n",
        1700000000, sink));
    REQUIRE(sink.problems.size() == 1);
    CHECK(contains(sink.problems.front().second.message, "FreeBSD"));
}

TEST_CASE("explain: a kernel log is recognised, other texts are not") {
    CHECK(kernel_log_explainer.recognises("I/O error, dev sdq, sector 8\n"));
    CHECK(kernel_log_explainer.recognises("Nov 14 10:00:01 box kernel: hello\n"));
    CHECK_FALSE(kernel_log_explainer.recognises(""));
    CHECK_FALSE(kernel_log_explainer.recognises("{\"json_format_version\": [1, 0]}\n"));
    CHECK_FALSE(
        kernel_log_explainer.recognises("Personalities : [raid1]\nmd0 : active raid1 sdb1[1] "
                                        "sda1[0]\n      1 blocks [2/2] [UU]\n"));
    CHECK_FALSE(kernel_log_explainer.recognises(
        "smartctl 7.3 2022-02-28 r5338\n=== START OF INFORMATION SECTION ===\nError 3 occurred at "
        "disk power-on lifetime: 1 hours\n"));
}

TEST_CASE("explain: clean recorded boots give no errors") {
    const auto directory = test::corpora_directory();
    if (!directory) return;
    size_t clean = 0;
    for (const auto& entry : std::filesystem::directory_iterator(*directory + "/dmesg")) {
        const std::string path = entry.path();
        const std::string text = test::read_file(path);
        INFO(path);
        CHECK(kernel_log_explainer.recognises(text));
        ExplainSink sink;
        CHECK(kernel_log_explainer.explain(text, 1700000000, sink));
        if (!entry.path().filename().string().starts_with("clean-")) continue;
        // "Clean" of errors of a drive: its btrfs lacks a device and does not mount.
        if (contains(path, "clean-4.19.107-unraid-8cb72b")) continue;
        ++clean;
        Totals found = totals(sink.observations);
        found.erase("lastgood_kernel_log_suppressed_messages_total");
        CHECK(text_of(found) == "");
    }
    CHECK(clean >= 5);
}

TEST_CASE("explain: the number behind the dot tells the drives of an ATA port apart") {
    for (const char* second : {"4:1:0:0", "4:0:1:0"}) {  // behind a port multiplier; a slave
        CAPTURE(second);
        const std::string log =
            "[    1.0] sd 4:0:0:0: [sda] 3907029168 512-byte logical blocks: (2.00 TB/1.82 TiB)\n"
            "[    1.1] sd " +
            std::string(second) +
            ": [sdb] 3907029168 512-byte logical blocks: (2.00 TB/1.82 TiB)\n"
            "[   99.0] ata5.00: failed command: READ DMA\n"
            "[   99.1] ata5: EH complete\n"
            "[   99.2] ata5.01: failed command: READ DMA\n"
            "[   99.3] ata5.01: failed command: READ DMA\n"
            "[   99.4] ata5: EH complete\n"
            "[   99.5] ata5: hard resetting link\n";
        ExplainSink sink;
        REQUIRE(kernel_log_explainer.explain(log, 1700000000, sink));
        CHECK(text_of(totals(sink.observations)) ==
              "ata5 reset/ata=1; sda io/ata=1; sdb io/ata=2; ");
    }
}

TEST_CASE("explain: device numbers of SCSI disks") {
    for (const auto& [number, name] : {std::pair("8:0", "sda"),
                                       {"8:17", "sdb"},
                                       {"8:255", "sdp"},
                                       {"65:0", "sdq"},
                                       {"71:240", "sddx"},
                                       {"128:0", "sddy"},
                                       {"135:255", "sdiv"}}) {
        ExplainSink sink;
        REQUIRE(kernel_log_explainer.explain(
            std::string("[    1.0] Write-error on swap-device (") + number + ":9)\n", 1700000000,
            sink));
        CHECK(text_of(totals(sink.observations)) == std::string(name) + " io/buffer=1; ");
    }
}

TEST_CASE("explain: a member of an array is charged whatever it is made of, the array is not") {
    for (const auto& [line, expected] :
         {std::pair("md/raid:mdX: Disk failure on dm-25, disabling device.", "dm-25 kicked/md=1; "),
          {"BTRFS info (device dm-2): read error corrected: ino 0 off 8 (dev /dev/mapper/data "
           "sector 8)",
           "/dev/dm-2 corrected/filesystem=1; mapper/data corrected/filesystem=1; "},
          {"BTRFS error (device md4): unable to fixup (regular) error at logical 8 on dev /dev/md4",
           "/dev/md4 uncorrected/filesystem=1; md4 uncorrected/filesystem=1; "},
          {"md/raid:md4: read error NOT corrected!! (sector 9 on sdq2).", "sdq medium/md=1; "},
          {"md/raid:md4: read error not correctable (sector 9 on sdq2).",
           "md4 uncorrected/md=1; sdq uncorrected/md=1; "}}) {
        ExplainSink sink;
        REQUIRE(kernel_log_explainer.explain("[    1.0] " + std::string(line) + "\n", 1700000000,
                                             sink));
        CHECK(text_of(totals(sink.observations)) == expected);
    }
}

TEST_CASE("explain: btrfs that has stopped is told beside the counters of its device") {
    ExplainSink sink;
    REQUIRE(kernel_log_explainer.explain(
        "[    1.0] BTRFS error (device sdq1: state EA): bdev /dev/sdr1 errs: wr 1, rd 0, flush 0, "
        "corrupt 0, gen 0\n",
        1700000000, sink));
    CHECK(text_of(totals(sink.observations)) ==
          "/dev/sdq1 shutdown/filesystem=1; sdr io/filesystem=1; ");
}

TEST_CASE("explain: a filesystem mounted with errors; the number comes later") {
    const std::string mounted =
        "[    1.0] EXT4-fs (dm-0): warning: mounting fs with errors, running e2fsck is "
        "recommended\n";
    const std::string counted = "[  301.0] EXT4-fs (dm-0): error count since last fsck: 8\n";
    for (const auto& [log, count] :
         {std::pair(mounted, 1.0), {mounted + counted, 8.0}, {counted + mounted, 8.0}}) {
        ExplainSink sink;
        REQUIRE(kernel_log_explainer.explain(log, 1700000000, sink));
        const auto told = test::select(sink.observations, metric::filesystem_kernel_errors_total);
        REQUIRE(told.size() == 1);
        CHECK(told[0]->value == count);
    }
}

TEST_CASE("explain: errors belong to the filesystem that had the device then") {
    const auto explained = [](const std::string& log) {
        ExplainSink sink;
        REQUIRE(kernel_log_explainer.explain(log, 1700000000, sink));
        return text_of(totals(sink.observations));
    };
    const std::string one = "11111111-2222-3333-4444-555555555555 ";
    const std::string two = "66666666-2222-3333-4444-555555555555 ";
    const auto error = [](const std::string& device) {
        return "[    2.0] EXT4-fs error (device " + device + "): ext4_find_entry:1: x\n";
    };
    const auto mounted = [](const std::string& device, const std::string& uuid) {
        return "[    1.0] EXT4-fs (" + device + "): mounted filesystem " + uuid +
               "with ordered data mode. Opts: (null)\n";
    };
    const std::string attach = "[    1.0] loop0: detected capacity change from 0 to 131072\n";
    const std::string earlier = "/dev/loop0 (earlier) inconsistent/filesystem=1; ";
    const std::string present = "/dev/loop0 inconsistent/filesystem=1; ";
    CHECK(explained(error("loop0")) == present);
    CHECK(explained(mounted("loop0", one) + error("loop0") + mounted("loop0", two)) == earlier);
    CHECK(explained(mounted("loop0", one) + error("loop0") + mounted("loop0", one)) == present);
    CHECK(explained(mounted("loop0", one) + error("loop0") + mounted("loop0", two) +
                    error("loop0")) == earlier + present);
    // Kernels without UUIDs.
    CHECK(explained(mounted("loop0", "") + error("loop0") + mounted("loop0", "")) == earlier);
    CHECK(explained(attach + mounted("loop0", "") + error("loop0")) == present);
    CHECK(explained(error("loop0") + attach) == earlier);
    CHECK(explained(mounted("sda1", "") + error("sda1") + mounted("sda1", "")) ==
          "/dev/sda1 inconsistent/filesystem=1; ");
    // Another drive takes the name; the same one that is plugged in again does not.
    const auto drive = [](const std::string& address, const std::string& blocks) {
        return "[    1.0] sd " + address + ": [sdb] " + blocks + " 512-byte logical blocks: (x)\n";
    };
    CHECK(explained(drive("6:0:0:0", "1000") + error("sdb1") + drive("7:0:0:0", "2000")) ==
          "/dev/sdb1 (earlier) inconsistent/filesystem=1; ");
    CHECK(explained(drive("6:0:0:0", "1000") + error("sdb1") + drive("7:0:0:0", "1000")) ==
          "/dev/sdb1 inconsistent/filesystem=1; ");
    // Its own count of errors, too.
    CHECK(explained("[    2.0] EXT4-fs (loop0): error count since last fsck: 8\n" + attach) == "");
    const std::string again =
        "[    2.5] EXT4-fs (loop0): warning: mounting fs with errors, running e2fsck is "
        "recommended\n";
    CHECK(explained(mounted("loop0", "") + error("loop0") + again + mounted("loop0", "")) ==
          "/dev/loop0=1; " + present);
    for (const std::string& uuid : {two, std::string()}) {
        ExplainSink sink;
        REQUIRE(kernel_log_explainer.explain(mounted("loop0", one) + again + mounted("loop0", uuid),
                                             1700000000, sink));
        CHECK(value_of(sink.observations, metric::filesystem_kernel_errors_total, "/dev/loop0") ==
              1);
    }
}

TEST_CASE("explain: a filesystem of several devices, and one that goes by its UUID") {
    ExplainSink sink;
    REQUIRE(kernel_log_explainer.explain(
        "[    1.0] BTRFS error (device sdr): bdev /dev/sdq errs: wr 0, rd 0, flush 0, corrupt 1, "
        "gen 0\n"
        "[    1.0] BTRFS warning (device sdr): csum failed root 5 ino 1 off 2 csum 1 expected 2\n"
        "[    2.0] bcachefs (11111111-2222-3333-4444-555555555555): inconsistency detected - "
        "emergency read only at journal seq 208824\n",
        1700000000, sink));
    const auto told = test::select(sink.observations, metric::filesystem_info);
    REQUIRE(told.size() == 2);
    for (const Observation* info : told) {
        const bool several = info->subject == "/dev/sdr";
        CHECK(info->label("device") == (several ? "sdr, sdq" : info->subject));
        if (!several) CHECK(info->subject == "11111111-2222-3333-4444-555555555555");
    }
}

TEST_CASE("smartd's messages that somebody cites or that a mail broke into two lines") {
    const std::array programs{&smartd_explainer, &smartd_mail_explainer};
    const auto pending = [&](std::string_view piece, uint64_t judged) -> double {
        ExplainSink sink;
        const std::array pieces{piece};
        const LogLines lines = explain_log({pieces, programs}, 1700000000, sink);
        CHECK(lines.judged == judged);
        CHECK(sink.strange_line_count == 0);
        const auto facts = test::select(sink.observations, metric::drive_pending_sectors, "sdq");
        return facts.empty() ? 0 : facts.back()->value;
    };
    CHECK(pending("it says: Device: /dev/sdq [SAT], 3 Currently unreadable (pending) sectors\n",
                  1) == 3);
    CHECK(pending("smartd[12]: Device: /dev/sdq,\n   3 Currently unreadable (pending) sectors\n",
                  1) == 3);
    constexpr std::string_view twice =
        "Jul 24 03:12:46 nas smartd[12]: Device: /dev/sdq [SAT], 3 Currently\n"
        "unreadable (pending) sectors\n"
        "Jul 24 03:42:46 nas smartd[12]: Device: /dev/sdq [SAT], 4 Currently\n"
        "unreadable (pending) sectors\n";
    CHECK(pending(twice, 4) == 4);
    CHECK(pending("smartd[12]: Device: /dev/sdq,\n", 0) == 0);
    CHECK(pending("smartd[12]: Device: /dev/sdq,\nmy disk is fine\n", 0) == 0);
    CHECK(pending("Device: /dev/sdq is what I have, 3 years old\n", 0) == 0);
}
