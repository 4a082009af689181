#include "collectors/kernel_log/parse/line.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "collectors/kernel_log/parse/text.hpp"

using namespace lastgood;

namespace {

constexpr std::string_view text = "I/O error, dev sdq, sector 4096";

KernelLogLine parse(const std::string& line) {
    static std::vector<std::string> kept;  // the result's views point into them
    kept.push_back(line);
    return parse_kernel_log_line(kept.back());
}

}  // namespace

TEST_CASE("the message is found behind every known prefix") {
    for (const char* prefix : {
             "",
             "[ 8123.456789] ",
             "[8123456.456789] ",
             "[Tue Nov 14 10:00:01 2023] ",
             "[Nov14 10:00] ",
             "[  +0.000012] ",
             "<3>[ 8123.456789] ",
             "<3>",
             "kern  :err   : [ 8123.456789] ",
             "kern  :warn  : [Tue Nov 14 10:00:01 2023] ",
             "2023-11-14T10:00:01,456789+01:00 ",
             "[ 8123.456789][  T412] ",
             "[ 8123.456789] [   T412] ",
             "[ 8123.456789][    C3] ",
             "[ 8123.456789] 003: ",
             "Nov 14 10:00:01 box kernel: ",
             "Nov  4 10:00:01 box kernel: [ 8123.456789] ",
             "Nov 14 10:00:01.123456 box kernel: ",
             "Nov 14 10:00:01 box kernel: [ 8123.456789][  T412] ",
             "Nov 14 10:00:01 box.example.org kern.err kernel: ",
             "Nov 14 10:00:01 kernel: ",
             "Nov 14 2023 10:00:01 box kernel: ",
             "2023-11-14T10:00:01+0100 box kernel: ",
             "2023-11-14T10:00:01.123456+01:00 box kernel: [ 8123.456789] ",
             "2023-11-14T09:00:01Z box kernel: ",
             "Tue 2023-11-14 10:00:01 CET box kernel: ",
             "[ 8123.456789] box kernel: ",
             "1699952401.123456 box kernel: ",
             "<3>1 2023-11-14T09:00:01.5Z box kernel - - - ",
             "<3>1 2023-11-14T09:00:01.5Z box kernel - - - [ 8123.456789] ",
             "          ",
         }) {
        INFO(std::string(prefix));
        const KernelLogLine line = parse(std::string(prefix) + std::string(text));
        CHECK(line.message == text);
        CHECK(line.from_kernel);
        CHECK(line.continuation == (std::string(prefix) == "          "));
        const KernelLogLine with_return = parse(std::string(prefix) + std::string(text) + "\r\n");
        CHECK(with_return.message == text);
    }
}

TEST_CASE("the message is found behind stamps of unknown forms, by its words") {
    for (const char* prefix : {
             "[  +0,000012] ",
             "    [ 8123.456789] ",
             "\t[ 8123.456789] ",
             "> [ 8123.456789] ",
             ">> Nov 14 10:00:01 box kernel: ",
             "| [ 8123.456789] ",
             "\xe2\x94\x82 [ 8123.456789] ",
             "**[ 8123.456789] ",
             "\x1b[31m[ 8123.456789] ",
             "^[[32m[ 8123.456789] ",
             "db-1  | [ 8123.456789] ",
             "kern.log:[ 8123.456789] ",
             "/var/log/kern.log:Nov 14 10:00:01 box kernel: ",
             "Mai 01 00:00:02 srv kernel: ",
             "Dez 31 23:59:58 srv kernel: [ 8123.456789] ",
             "f\xc3\xa9vr. 14 10:00:01 srv kernel: ",
             "\xd0\xbd\xd0\xbe\xd1\x8f 14 10:00:01 srv kernel: ",
             "11\xe6\x9c\x88 25 10:00:01 srv kernel: ",
             "[Ter Set 19 10:00:01 2023] ",
             "2025 Jun 18 10:00:01 box kernel: ",
             "2025 Jun 18 10:00:01 ",
             "192.0.2.1: kern:   alert: [2024-05-13T15:13:11.99476118Z]: ",
             "Wed Nov 25 12:00:01 2026 kern.err kernel: [ 8123.456789] ",
             "3,1234,5678901,-;",
             "3,1234,5678901,-,caller=T1;",
             "MESSAGE=",
             "Sep 29 09:03:00 ",
             "1661.722811] ",
             "dez 07 19:32:41 box kernel: ",
             "kernel:[ 8123.456789] ",
             "kernel: ",
             "[  *** ] (2 of 3) A start job is running ",
         }) {
        INFO(std::string(prefix));
        const KernelLogLine line = parse(std::string(prefix) + std::string(text));
        CHECK(line.message == text);
        CHECK(line.from_kernel);
        CHECK_FALSE(line.continuation);
    }
    const KernelLogLine journal = parse(
        "{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\"I/O error, dev sdq, sector "
        "4096\",\"PRIORITY\":\"3\"}");
    CHECK(journal.message == text);
    CHECK(journal.from_kernel);
    CHECK(parse("\"msg\": \"I/O error, dev sdq, sector 4096\"").message == text);
}

TEST_CASE("a stamp of an unknown form does not make another program's words the kernel's") {
    for (const char* line : {
             "Mai 01 00:00:02 srv smartd[812]: I/O error, dev sdq, sector 1",
             "dez 07 19:32:41 box smartd[2977]: I/O error, dev sdq, sector 1",
             "Mai 01 00:00:02 srv sshd[1]: kernel: I/O error, dev sdq, sector 1",
             "11,1234,5678901,-;I/O error, dev sdq, sector 1",
             "{\"_TRANSPORT\":\"syslog\",\"MESSAGE\":\"I/O error, dev sdq, sector 4096\"}",
         }) {
        INFO(std::string(line));
        CHECK_FALSE(parse(line).from_kernel);
    }
    CHECK(parse("Mai 01 00:00:02 srv smartd[812]: Device: /dev/sdq").message ==
          "smartd[812]: Device: /dev/sdq");
    CHECK(parse("my error, dev sdq, sector 1").message == "my error, dev sdq, sector 1");
}

TEST_CASE("lines of other programs are not from the kernel") {
    for (const char* line : {
             "Nov 14 10:00:01 box smartd[812]: I/O error, dev sdq, sector 1",
             "Nov 14 10:00:01 box sshd[1]: kernel: I/O error, dev sdq, sector 1",
             "2023-11-14T10:00:01+0100 box logger: I/O error, dev sdq, sector 1",
             "user  :err   : [ 8123.456789] I/O error, dev sdq, sector 1",
             "<11>[ 8123.456789] I/O error, dev sdq, sector 1",
             "<11>1 2023-11-14T09:00:01Z box logger - - - I/O error, dev sdq, sector 1",
         }) {
        INFO(std::string(line));
        CHECK_FALSE(parse(line).from_kernel);
    }
    std::vector<std::string> seen;
    for_each_kernel_message(
        "Nov 14 10:00:01 box app[7]: dump:\n"
        "                        I/O error, dev sdq, sector 1\n"
        "Nov 14 10:00:02 box kernel: md/raid1:md4: Disk failure on sdq2, disabling device.\n"
        "                            md/raid1:md4: Operation continuing on 1 devices.\n",
        [&](std::string_view message, const KernelLogLine&) { seen.emplace_back(message); });
    CHECK(seen == std::vector<std::string>{"md/raid1:md4: Disk failure on sdq2, disabling device.",
                                           "md/raid1:md4: Operation continuing on 1 devices."});
}

TEST_CASE("brackets without a time stay in the message") {
    CHECK(parse("[drm] error").message == "[drm] error");
    CHECK(parse("[ 1.5] [drm] error").message == "[drm] error");
    CHECK(parse("[sdq] tag").message == "[sdq] tag");
    CHECK(parse("[").message == "[");
    CHECK(parse("").message.empty());
}

TEST_CASE("printk levels") {
    CHECK(parse("<3>[ 1.0] x").level == 3);
    CHECK(parse("kern  :info  : [ 1.0] x").level == 6);
    CHECK(parse("[ 1.0] x").level == -1);
    CHECK(parse("<4>x").level == 4);
}

TEST_CASE("a message inside an unfinished line is found") {
    const KernelLogLine line =
        parse("[4294671.636000]  sdq:<3>ata7: command 0x25 timeout, stat 0xd0 host_stat 0x24");
    CHECK(line.message == "ata7: command 0x25 timeout, stat 0xd0 host_stat 0x24");
    CHECK(line.level == 3);
    CHECK(line.uptime == "4294671.636000");
}

TEST_CASE("a second message in a joined line is found") {
    CHECK(joined_message("sd 2:0:0:0: [sdq] tag#1 CDB: Read(16) 88 00   Nov 14 10:00:01 box "
                         "kernel: I/O error, dev sdq, sector 1") == "I/O error, dev sdq, sector 1");
    CHECK(joined_message("job is running [   24.536440] 000: I/O error, dev sdq, sector 1") ==
          "I/O error, dev sdq, sector 1");
    CHECK(joined_message("sd 2:0:0:0: [sdq] Attached SCSI disk").empty());
    CHECK(joined_message("the kernel: it is here").empty());
}
