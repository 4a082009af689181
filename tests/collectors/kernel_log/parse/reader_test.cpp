// Which messages become one event.
#include "collectors/kernel_log/parse/reader.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "collectors/kernel_log/parse/text.hpp"

using namespace lastgood;
using Kind = KernelEventKind;

namespace {

std::string subject_of(const KernelEvent& event) {
    if (!event.device.empty()) return std::string(event.device);
    if (!event.array.empty()) return std::string(event.array);
    return std::string(event.filesystem);
}

// "layer kind device" of each event of a whole log.
std::vector<std::string> events(std::string_view log) {
    std::vector<std::string> found;
    KernelLogReader reader([&](const KernelEvent& event, const KernelLogReader::Origin&) {
        if (event.kind == Kind::ata_recovered) return;
        found.push_back(std::string(to_string(event.layer)) + " " +
                        std::string(to_string(event.kind)) + " " + subject_of(event));
    });
    for_each_kernel_message(
        log, [&](std::string_view message, const KernelLogLine&) { reader.feed(message, {}); });
    reader.flush();
    CHECK_FALSE(reader.pending());
    return found;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("one failed command gives one event for each layer") {
    CHECK(events("[ 1.0] ata9.00: exception Emask 0x0 SAct 0x0 SErr 0x0 action 0x0\n"
                 "[ 1.0] ata9.00: irq_stat 0x40000001\n"
                 "[ 1.0] ata9.00: failed command: READ DMA EXT\n"
                 "[ 1.0] ata9.00: cmd 25/00:08:c8:d2:b1/00:00:19:00:00/e0 tag 18 dma 4096 in\n"
                 "[ 1.0]          res 51/40:00:cc:d2:b1/40:00:19:00:00/00 Emask 0x9 (media error)\n"
                 "[ 1.0] ata9.00: status: { DRDY ERR }\n"
                 "[ 1.0] ata9.00: error: { UNC }\n"
                 "[ 1.0] ata9.00: configured for UDMA/133\n"
                 "[ 1.0] sd 8:0:0:0: [sdq] tag#18 FAILED Result: hostbyte=DID_OK "
                 "driverbyte=DRIVER_SENSE cmd_age=0s\n"
                 "[ 1.0] sd 8:0:0:0: [sdq] tag#18 Sense Key : Medium Error [current]\n"
                 "[ 1.0] sd 8:0:0:0: [sdq] tag#18 Add. Sense: Unrecovered read error - auto "
                 "reallocate failed\n"
                 "[ 1.0] sd 8:0:0:0: [sdq] tag#18 CDB: Read(10) 28 00 19 b1 d2 c8 00 00 08 00\n"
                 "[ 1.0] blk_update_request: I/O error, dev sdq, sector 431084232\n"
                 "[ 1.0] Buffer I/O error on dev sdq1, logical block 9, async page read\n"
                 "[ 1.0] ata9: EH complete\n") == Lines{"ata ata_exception ata9.00",
                                                        "scsi medium sdq", "block io sdq",
                                                        "buffer io sdq1", "ata medium ata9.00"});
}

TEST_CASE("a frozen link gives one event for each queued command") {
    CHECK(events("ata9.00: exception Emask 0x10 SAct 0x3 SErr 0x40d0002 action 0xe frozen\n"
                 "ata9.00: failed command: WRITE FPDMA QUEUED\n"
                 "ata9.00: cmd 61/08:00:00:79:d0/00:00:06:00:00/40 tag 0 ncq dma 4096 out\n"
                 "         res 40/00:00:00:00:00/00:00:00:00:00/00 Emask 0x10 (ATA bus error)\n"
                 "ata9.00: status: { DRDY }\n"
                 "ata9.00: failed command: WRITE FPDMA QUEUED\n"
                 "ata9.00: cmd 61/50:08:08:79:d0/00:00:06:00:00/40 tag 1 ncq dma 40960 out\n"
                 "         res 40/00:00:00:00:00/00:00:00:00:00/00 Emask 0x4 (timeout)\n"
                 "ata9.00: status: { DRDY }\n"
                 "ata9: hard resetting link\n"
                 "ata9: EH complete\n") == Lines{"ata ata_exception ata9.00",
                                                 "ata transport ata9.00", "ata timeout ata9.00",
                                                 "ata reset ata9"});
}

TEST_CASE("interleaved reports of two ports stay separate") {
    CHECK(events("ata8.00: failed command: READ DMA\n"
                 "ata9.00: failed command: WRITE DMA\n"
                 "ata8.00: cmd c8/00:08:00:00:00/00:00:00:00:00/e0 tag 0 dma 4096 in\n"
                 "         res 51/40:00:00:00:00/00:00:00:00:00/00 Emask 0x9 (media error)\n"
                 "ata9.00: cmd ca/00:08:00:00:00/00:00:00:00:00/e0 tag 0 dma 4096 out\n"
                 "         res 40/00:00:00:00:00/00:00:00:00:00/00 Emask 0x4 (timeout)\n"
                 "ata9: EH complete\n"
                 "ata8: EH complete\n") == Lines{"ata timeout ata9.00", "ata medium ata8.00"});
}

TEST_CASE("libata before 2.6.33: reports without a \"failed command\" line") {
    CHECK(events("ata9.00: exception Emask 0x0 SAct 0x0 SErr 0x0 action 0x0\n"
                 "ata9.00: cmd c8/00:50:9f:4d:93/00:00:00:00:00/e0 tag 0 dma 40960 in\n"
                 "         res 51/40:3a:b5:4d:93/00:00:00:00:00/e0 Emask 0x9 (media error)\n"
                 "ata9.00: error: { UNC }\n"
                 "sd 8:0:0:0: [sdq] Result: hostbyte=DID_OK driverbyte=DRIVER_SENSE,SUGGEST_OK\n"
                 "sd 8:0:0:0: [sdq] Sense Key : Medium Error [current] [descriptor]\n"
                 "end_request: I/O error, dev sdq, sector 9653685\n"
                 "ata9: EH complete\n") == Lines{"ata ata_exception ata9.00", "scsi medium sdq",
                                                 "block io sdq", "ata medium ata9.00"});
}

TEST_CASE("SCSI, 3.x: a newline follows the device name") {
    CHECK(events("[ 1.0] sd 8:0:0:0: [sdq] Unhandled sense code\n"
                 "[ 1.0] sd 8:0:0:0: [sdq]  \n"
                 "[ 1.0] Result: hostbyte=DID_OK driverbyte=DRIVER_SENSE\n"
                 "[ 1.0] sd 8:0:0:0: [sdq]  \n"
                 "[ 1.0] Sense Key : Medium Error [current] [descriptor]\n"
                 "[ 1.0] sd 8:0:0:0: [sdq] CDB: \n"
                 "[ 1.0] Read(10): 28 00 da d6 f5 af 00 00 01 00\n"
                 "[ 1.0] end_request: I/O error, dev sdq, sector 3671520687\n"
                 "[ 1.1] sd 8:0:0:0: [sdq] Unhandled error code\n"
                 "[ 1.1] sd 8:0:0:0: [sdq]  \n"
                 "[ 1.1] Result: hostbyte=DID_BAD_TARGET driverbyte=DRIVER_OK\n"
                 "[ 1.1] end_request: I/O error, dev sdq, sector 1\n") ==
          Lines{"scsi medium sdq", "block io sdq", "scsi device_gone sdq", "block io sdq"});
}

TEST_CASE("SCSI: host byte and sense key give the kind") {
    const auto scsi = [](const char* host, const char* sense) {
        std::string log = "sd 8:0:0:0: [sdq] tag#1 FAILED Result: hostbyte=" + std::string(host) +
                          " driverbyte=DRIVER_OK cmd_age=1s\n";
        if (*sense != 0)
            log += "sd 8:0:0:0: [sdq] tag#1 Sense Key : " + std::string(sense) + " [current]\n";
        return events(log);
    };
    CHECK(scsi("DID_NO_CONNECT", "") == Lines{"scsi device_gone sdq"});
    CHECK(scsi("DID_TIME_OUT", "") == Lines{"scsi timeout sdq"});
    CHECK(scsi("DID_SOFT_ERROR", "") == Lines{"scsi transport sdq"});
    CHECK(scsi("0x03", "") == Lines{"scsi timeout sdq"});
    CHECK(scsi("DID_OK", "Hardware Error") == Lines{"scsi hardware sdq"});
    CHECK(scsi("DID_OK", "0x3") == Lines{"scsi medium sdq"});
    CHECK(scsi("DID_OK", "Illegal Request") == Lines{"scsi target sdq"});
    CHECK(scsi("DID_OK", "Aborted Command") == Lines{"scsi transport sdq"});
    CHECK(scsi("DID_NEW_AND_UNKNOWN", "") == Lines{"scsi io sdq"});
    // libata's stand-in for a missing reason: not a refusal by the drive
    CHECK(events("sd 8:0:0:0: [sdq] tag#1 FAILED Result: hostbyte=DID_OK driverbyte=DRIVER_SENSE\n"
                 "sd 8:0:0:0: [sdq] tag#1 Sense Key : Illegal Request [current]\n"
                 "sd 8:0:0:0: [sdq] tag#1 Add. Sense: Unaligned write command\n") ==
          Lines{"scsi transport sdq"});
    CHECK(events("sd 8:0:0:0: SCSI error: return code = 0x8000002\n"
                 "sdq: Current: sense key: Aborted Command\n"
                 "end_request: I/O error, dev sdq, sector 0\n")
              .size() == 3);
}

TEST_CASE("a multi-line message is parsed line by line") {
    Lines found;
    KernelLogReader reader([&](const KernelEvent& event, const KernelLogReader::Origin& origin) {
        found.push_back(subject_of(event) + "@" + std::string(origin.device));
    });
    reader.feed(
        "md/raid1:md4: Disk failure on sdq2, disabling device.\nmd/raid1:md4: Operation continuing "
        "on 1 devices.",
        {1.0, "b9:4"});
    reader.feed("ata9.00: failed command: READ DMA", {1.0, "+ata_device:dev9.0"});
    reader.feed("ata9.00: cmd c8/00:08 tag 0\n         res 51/40 Emask 0x9 (media error)",
                {1.0, ""});
    CHECK(reader.pending());
    reader.flush();
    CHECK(found == Lines{"sdq2@b9:4", "ata9.00@+ata_device:dev9.0"});
}

TEST_CASE("a refusal is less precise than any other reason, more so than none") {
    const auto ata = [](const char* result) {
        return events(
            "ata9.00: failed command: READ DMA EXT\n"
            "ata9.00: cmd 25/00:08 tag 18 dma 4096 in\n"
            "         res 51/40 Emask " +
            std::string(result) +
            "\n"
            "ata9.00: status: { DRDY ERR }\n"
            "ata9.00: error: { ABRT }\n");
    };
    CHECK(ata("0x9 (media error)") == Lines{"ata medium ata9.00"});
    CHECK(ata("0x4 (timeout)") == Lines{"ata timeout ata9.00"});
    // A refused read is no refused command.
    CHECK(ata("0x1 (device error)") == Lines{"ata io ata9.00"});
    CHECK(events("ata9.00: failed command: READ LOG DMA EXT\n"
                 "ata9.00: cmd 47/00:01 tag 18 dma 512 in\n"
                 "         res 51/04 Emask 0x1 (device error)\n"
                 "ata9.00: error: { ABRT }\n") == Lines{"ata target ata9.00"});
    CHECK(
        events("sd 8:0:0:0: [sdq] tag#1 FAILED Result: hostbyte=DID_TIME_OUT driverbyte=DRIVER_OK\n"
               "sd 8:0:0:0: [sdq] tag#1 Sense Key : Illegal Request [current]\n") ==
        Lines{"scsi timeout sdq"});
}

TEST_CASE("a card reader without a card has no errors") {
    CHECK(events("sd 6:0:0:0: [sdr] tag#0 FAILED Result: hostbyte=DID_OK driverbyte=DRIVER_SENSE\n"
                 "sd 6:0:0:0: [sdr] tag#0 Sense Key : Not Ready [current]\n"
                 "sd 6:0:0:0: [sdr] tag#0 Add. Sense: Medium not present\n"
                 "sd 6:0:0:0: [sdr] tag#0 CDB: Read(10) 28 00\n"
                 "blk_update_request: I/O error, dev sdr, sector 0\n"
                 "Buffer I/O error on dev sdr, logical block 0, async page read\n"
                 "blk_update_request: I/O error, dev sdq, sector 0\n") ==
          Lines{"scsi harmless sdr", "block io sdq"});
    CHECK(events("sd 6:0:0:0: [sdr] tag#0 Sense Key : Not Ready [current]\n"
                 "sd 6:0:0:0: [sdr] tag#0 Add. Sense: Medium not present\n"
                 "sd 6:0:0:0: [sdr] tag#0 Sense Key : Medium Error [current]\n"
                 "sd 6:0:0:0: [sdr] tag#0 Add. Sense: Unrecovered read error\n"
                 "blk_update_request: critical medium error, dev sdr, sector 0\n") ==
          Lines{"scsi harmless sdr", "scsi medium sdr", "block medium sdr"});
}

TEST_CASE("when more than 16 devices report at once the oldest report is complete") {
    Lines found;
    KernelLogReader reader([&](const KernelEvent& event, const KernelLogReader::Origin&) {
        found.push_back(subject_of(event));
    });
    const auto fail = [&](int port) {
        reader.feed("ata" + std::to_string(port) + ".00: failed command: READ DMA", {});
    };
    for (int port = 1; port <= 16; ++port) fail(port);
    CHECK(found.empty());
    fail(17);
    CHECK(found == Lines{"ata1.00"});
    fail(18);
    CHECK(found == Lines{"ata1.00", "ata2.00"});
    reader.flush();
    CHECK(found.size() == 18);
}
