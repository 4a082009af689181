#include "core/report.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <limits>

#include "core/files.hpp"
#include "core/metrics/agent.hpp"
#include "core/metrics/drives.hpp"
#include "tests/recorded_host.hpp"

using namespace lastgood;

namespace {

// Calls of fsync(2) by the code under test; each may find out what is on disk at that moment.
struct SyncWatch {
    int calls = 0;
    int error = 0;  // to fail with
    std::string path;
    std::string text_before_rename;
} sync_watch;

Report example() {
    Report report;
    report.host = "db8 \"quoted\"";
    report.version = "1";
    report.written_at = 1700000000.5;
    report.watched_since = 1600000000;
    report.observations = {
        {&metric::drive_pending_sectors, "b", {}, 3, 1699999999},
        {&metric::drive_info, "a", {{"device", "sda"}, {"model", "X\n\t\x01"}}, 1, 1699999998},
        {&metric::report_timestamp_seconds, "", {}, 1700000000.5, 1700000000.5},
    };
    sort_observations(report.observations);
    report.findings = {
        {"drive_failing",
         Severity::critical,
         SubjectKind::drive,
         "b",
         "summary",
         {"Look at \"it\": ls -l", "Wait."},
         1690000000},
        {"config_refused", Severity::warning, SubjectKind::host, "", "summary", {}, 1690000000}};
    report.problems = {{"smart", "b", "no answer", 1690000001}};
    return report;
}
}  // namespace

// In place of libc's.
extern "C" int fsync(int fd) {
    ++sync_watch.calls;
    if (!sync_watch.path.empty())
        sync_watch.text_before_rename = Host().read(sync_watch.path).value_or("");
    if (sync_watch.error == 0) return static_cast<int>(::syscall(SYS_fsync, fd));
    errno = sync_watch.error;
    return -1;
}

TEST_CASE("a report survives writing and parsing") {
    const Report report = example();
    const auto parsed = parse_report(to_json(report));
    REQUIRE(parsed.has_value());
    CHECK(parsed->host == report.host);
    CHECK(parsed->written_at == report.written_at);
    CHECK(parsed->watched_since == report.watched_since);
    CHECK(parsed->observations == report.observations);
    CHECK(parsed->findings == report.findings);
    CHECK(parsed->problems == report.problems);
    CHECK(parsed->observations[0].metric == &metric::drive_info);
}

TEST_CASE("truncated and foreign text is rejected") {
    const std::string text = to_json(example());
    for (size_t length = 0; length + 2 < text.size(); length += 7) {
        CAPTURE(length);
        CHECK_FALSE(parse_report(text.substr(0, length)).has_value());
    }
    for (const char* other :
         {"", "[]", "{}", "null", "{\"observations\":3}", "{\"observations\":[[[[[]]]]]}"})
        CHECK_FALSE(parse_report(other).has_value());
    // Unknown parts of a newer version's report are skipped.
    const auto newer = parse_report(
        R"({"written_at":5,"future":{"a":[{"b":{}}]},"observations":[{"metric":"lastgood_of_tomorrow","value":1}]})");
    REQUIRE(newer.has_value());
    CHECK(newer->observations.empty());
}

TEST_CASE("write_report replaces the file atomically and leaves no temporary file") {
    test::RecordedHost place;
    const std::string path = place.root() + "/report.json";
    REQUIRE(write_report(example(), path).has_value());
    REQUIRE(write_report(example(), path).has_value());
    CHECK(read_report(path)->findings.size() == 2);
    CHECK(place.host().list("/").value() == std::vector<std::string>{"report.json"});
    CHECK_FALSE(write_report(example(), place.root() + "/no/such/report.json").has_value());
    CHECK(read_report(place.root() + "/nothing").error().kind == ErrorKind::absent);
    // If replacing fails, the old content stays and the temporary file is removed.
    place.file("/full/inside", "");
    CHECK_FALSE(write_report(example(), place.root() + "/full").has_value());
    CHECK(place.host().list("/").value() == std::vector<std::string>{"full", "report.json"});
}

TEST_CASE("the report is readable for all, whatever the umask") {
    const test::RecordedHost place;
    const std::string path = place.root() + "/report.json";
    const mode_t before = ::umask(077);
    const auto written = write_report(example(), path);
    ::umask(before);
    REQUIRE(written.has_value());
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0644);
}

TEST_CASE("a file that must survive a power cut is on disk before it takes its name") {
    test::RecordedHost place;
    const std::string path = place.root() + "/memory";
    sync_watch = {};
    REQUIRE(write_file(path, "old", Synced::no));
    CHECK(sync_watch.calls == 0);
    sync_watch.path = path;
    REQUIRE(write_file(path, "new", Synced::yes));
    CHECK(sync_watch.calls == 1);
    CHECK(sync_watch.text_before_rename == "old");
    CHECK(Host().read(path).value() == "new");
    sync_watch.error = EIO;
    const auto failed = write_file(path, "lost", Synced::yes);
    sync_watch = {};
    REQUIRE_FALSE(failed);
    CHECK(failed.error().message == "cannot write " + path + ": Input/output error");
    CHECK(Host().read(path).value() == "new");
    CHECK(place.host().list("/").value() == std::vector<std::string>{"memory"});
}

TEST_CASE("an unknown severity is told as a warning of unknown certainty") {
    for (const Severity severity : {Severity::unknown, Severity::warning, Severity::critical})
        CHECK(severity_of_labels(severity_label(severity), certainty_label(severity)) == severity);
    Report report = example();
    report.findings[0].severity = Severity::unknown;
    const std::string text = to_json(report);
    CHECK(text.find("\"certainty\":\"unknown\"") != text.npos);
    CHECK(text.find("\"severity\":\"unknown\"") == text.npos);
    CHECK(parse_report(text)->findings == report.findings);
    // Reports of earlier versions, and words of later ones.
    CHECK(severity_of_labels("unknown", "") == Severity::unknown);
    CHECK(severity_of_labels("dreadful", "") == Severity::unknown);
}

TEST_CASE("a step is a sentence, or words and a command") {
    CHECK(split_step("Wait.").text == "Wait.");
    CHECK(split_step("Wait.").command.empty());
    CHECK(split_step("See why: journalctl -g 'a: b'").text == "See why");
    CHECK(split_step("See why: journalctl -g 'a: b'").command == "journalctl -g 'a: b'");
}

TEST_CASE("temporary files of writers that were killed are removed") {
    test::RecordedHost place;
    const auto left = [&](const std::string& name, time_t age) {
        const std::string path = place.root() + "/" + name;
        place.file("/" + name, "half");
        const timespec then{::time(nullptr) - age, 0};
        const timespec times[2] = {then, then};
        REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
    };
    for (const char* name : {"a.prom.17.tmp", "a.prom.18.tmp", "a.prom.x1.tmp", "a.prom..tmp",
                             "b.prom.17.tmp", "a.prom.17"})
        left(name, 300);
    left("a.prom.19.tmp", 30);  // another process may still write it
    REQUIRE(write_file(place.root() + "/a.prom", "new", Synced::no));
    CHECK(place.host().list("/").value() ==
          std::vector<std::string>{"a.prom", "a.prom..tmp", "a.prom.17", "a.prom.19.tmp",
                                   "a.prom.x1.tmp", "b.prom.17.tmp"});
}

TEST_CASE("what is no number or no time is never printed, and never read") {
    const double inf = std::numeric_limits<double>::infinity();
    Report report = example();
    const size_t sane = report.observations.size();
    report.watched_since = inf;
    report.observations.push_back({&metric::drive_pending_sectors, "c", {}, inf, 5});
    report.observations.push_back({&metric::drive_pending_sectors, "d", {}, 1, inf});
    report.observations.push_back({&metric::drive_pending_sectors, "e", {}, -1e300, 5});
    report.findings[0].value = inf;
    report.findings[0].since = -inf;
    report.problems.push_back({"c", "s", "m", inf});
    const std::string text = to_json(report);
    for (const char* word : {":inf", ":-inf", ":nan", ":null"}) CHECK(text.find(word) == text.npos);
    const auto read = parse_report(text);
    REQUIRE(read.has_value());
    CHECK(read->observations.size() == sane);
    CHECK(read->watched_since == 0);
    CHECK(read->findings[0].value == 0);
    CHECK(read->findings[0].since == 0);
    CHECK(read->problems.back().since == 0);

    // Of a report that somebody else wrote: the value that makes no sense is left out.
    const auto foreign = parse_report(
        R"({"written_at":5,"watched_since":-1e300,"observations":[)"
        R"({"metric":"lastgood_drive_pending_sectors","subject":"c","value":1e300,"observed_at":5},)"
        R"({"metric":"lastgood_drive_pending_sectors","subject":"d","value":1,"observed_at":1e20},)"
        R"({"metric":"lastgood_drive_pending_sectors","subject":"e","value":2,"observed_at":5}],)"
        R"("findings":[{"rule":"r","since":1e300,"value":-1e300,"accepted_until":1e300}]})");
    REQUIRE(foreign.has_value());
    CHECK(foreign->watched_since == 0);
    REQUIRE(foreign->observations.size() == 1);
    CHECK(foreign->observations[0].subject == "e");
    CHECK(foreign->findings[0].since == 0);
    CHECK(foreign->findings[0].value == 0);
    CHECK_FALSE(foreign->findings[0].accepted.has_value());
    CHECK_FALSE(parse_report(R"({"written_at":1e300})").has_value());
}
