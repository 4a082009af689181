// What the collector makes of one look, and of what the looks before it saw.
#include "collectors/collector.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "core/metrics/backups.hpp"
#include "tests/temporary_directory.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp recorded_now = 1795230900;  // 2026-11-21 03:15:00 UTC
constexpr Seconds hour = 3600;

const std::string dump = "-- PostgreSQL database dump\n--\n-- PostgreSQL database dump complete\n";

class Scene : public test::TemporaryDirectory {
  public:
    Scene() {
        REQUIRE(::chmod(path.c_str(), 0755) == 0);
        write("/now", fmt::format("{}", recorded_now));
        backup.name = "it";
        backup.kind = BackupKind::files;
        backup.max_age = 26 * hour;
    }
    // The files are those of a recorded host, or of this one, where looks are remembered.
    bool look(bool recorded) {
        sink = {};
        config.state_directory = path;
        config.backups = {backup};
        const Host host(recorded ? path : "");
        Context context{host, config, sink, "it", "", true};
        return find_collector("backups")->run(context).has_value();
    }
    const Observation* find(const Metric& metric, std::string_view subject = "it",
                            std::string_view confidence = "") const {
        for (const Observation& one : sink.observations)
            if (one.metric == &metric && one.subject == subject &&
                (confidence.empty() || one.label("confidence") == confidence))
                return &one;
        return nullptr;
    }
    std::optional<double> value(const Metric& metric, std::string_view subject = "it") const {
        const Observation* found = find(metric, subject);
        return found ? std::optional(found->value) : std::nullopt;
    }
    std::optional<double> newest(std::string_view confidence) const {
        const Observation* found = find(metric::backup_newest_timestamp_seconds, "it", confidence);
        return found ? std::optional(found->value) : std::nullopt;
    }
    // The time in its name; a directory without `mark` does not tell whether it was finished.
    void directory(Seconds age, bool mark) const {
        std::string name = format_time(recorded_now - age).substr(0, 19);
        for (char& c : name)
            if (c == ' ' || c == ':') c = '-';
        write("/backup/" + name + (mark ? "/xtrabackup_info" : "/data"), "x");
    }
    // A oneshot that ended well then.
    void job_ended(Seconds age) const {
        const double end = (recorded_now - age) * 1e6;
        write("/units/nightly.service.json",
              fmt::format(R"({{"LoadState": "loaded", "ActiveState": "inactive",
                  "SubState": "dead", "Type": "oneshot", "Result": "success",
                  "RemainAfterExit": false, "InvocationID": "a1", "ConditionResult": true,
                  "ConditionTimestamp": {0:.0f}, "ExecMainStartTimestamp": {1:.0f},
                  "ExecMainExitTimestamp": {2:.0f}, "ExecMainCode": 1, "ExecMainStatus": 0,
                  "InactiveEnterTimestamp": {2:.0f}}})",
                          end - 2e6, end - 1e6, end));
    }

    Backup backup;
    Config config;
    MemorySink sink;
};

// "it/db1" and "it/db2", each with one dump.
void look_at_two_streams(Scene& scene) {
    scene.backup.each = Streams::by_directory;
    scene.backup.settle_time = 0;
    scene.backup.location = scene.at("dumps/*/*.sql");
    for (const char* database : {"db1", "db2"})
        scene.write(fmt::format("dumps/{}/2026-11-20.sql", database), dump);
    REQUIRE(scene.look(false));
}

}  // namespace

TEST_CASE("a directory is proven by a job that ended well after it, and by no earlier one") {
    const auto proven = [](Seconds ended, bool damaged) {
        Scene scene;
        scene.backup.location = "/backup/*";
        scene.backup.unit = "nightly.service";
        scene.directory(5 * hour, false);
        if (damaged) scene.write("/backup/2026-11-20-23-15-00/xtrabackup_info", "");
        scene.job_ended(ended);
        REQUIRE(scene.look(true));
        return scene.newest("inferred");
    };
    CHECK(proven(4 * hour, false) == recorded_now - 5 * hour);
    CHECK_FALSE(proven(6 * hour, false));
    CHECK_FALSE(proven(3 * hour, true));
}

TEST_CASE("a job that ended well proves no copies of a tool that tells of them itself") {
    Scene scene;
    scene.backup.kind = BackupKind::kopia;
    scene.backup.location = "/backup";
    scene.backup.unit = "nightly.service";
    scene.write("/backup/kopia.repository.f", "x");
    scene.write("/backup/xn0/_ab/cdef.f", "x");
    scene.job_ended(-9000 * hour);  // after every change of the files
    REQUIRE(scene.look(true));
    CHECK(scene.newest("activity"));
    CHECK_FALSE(scene.newest("inferred"));
}

TEST_CASE("a newer copy that may be one leaves no word on the age, unless it is too old itself") {
    const auto newest = [](Seconds proven, Seconds doubtful) {
        Scene scene;
        scene.backup.location = "/backup/*";
        scene.directory(proven, true);
        scene.directory(doubtful, false);
        REQUIRE(scene.look(true));
        CHECK(scene.newest("activity") == recorded_now - doubtful);
        return scene.newest("inferred");
    };
    CHECK(newest(20 * hour, 2 * hour) == recorded_now - 20 * hour);  // fresh all the same
    CHECK_FALSE(newest(60 * hour, 2 * hour));
    CHECK(newest(60 * hour, 40 * hour) == recorded_now - 60 * hour);
}

TEST_CASE("of a copy of another backup, when its files were written is when it arrived") {
    Scene scene;
    scene.write("/backup/db.sql", dump);
    scene.backup.location = "/backup/*.sql";
    REQUIRE(scene.look(true));
    CHECK(scene.newest("inferred"));
    scene.backup.copy_of = "db";
    REQUIRE(scene.look(true));
    CHECK_FALSE(scene.newest("inferred"));
    CHECK(scene.find(metric::backup_arrived_timestamp_seconds, "it", "inferred"));
}

TEST_CASE("a directory that does not tell whether it was finished has not arrived either") {
    Scene scene;
    scene.write("/backup/db/data", "x");
    scene.backup.location = "/backup/*";
    scene.backup.copy_of = "db";
    REQUIRE(scene.look(true));
    CHECK(scene.newest("activity"));
    CHECK_FALSE(scene.find(metric::backup_arrived_timestamp_seconds));
}

TEST_CASE("where there is no copy, none is called whole") {
    Scene scene;
    std::filesystem::create_directories(scene.at("backup"));
    scene.backup.location = "/backup/*.sql";
    REQUIRE(scene.look(true));
    CHECK(scene.value(metric::backup_count) == 0);
    CHECK_FALSE(scene.find(metric::backup_incomplete));
}

TEST_CASE("a stamp that goes away is missing, with the time that it had, and no copies are gone") {
    Scene scene;
    scene.backup.kind = BackupKind::stamp;
    scene.backup.location = scene.write("job/stamp", "");
    scene.write("job/other", "");
    REQUIRE(scene.look(false));
    const auto touched = scene.newest("exact");
    REQUIRE(touched);
    CHECK(scene.value(metric::backup_stamp_missing) == 0);
    std::filesystem::remove(scene.backup.location);
    REQUIRE(scene.look(false));
    CHECK(scene.value(metric::backup_stamp_missing) == 1);
    CHECK(scene.newest("inferred") == touched);
    CHECK_FALSE(scene.find(metric::backup_copies_gone));
}

TEST_CASE("a place that went away is unreadable, and what was known of its streams keeps its age") {
    Scene scene;
    look_at_two_streams(scene);
    const auto known = scene.value(metric::backup_newest_timestamp_seconds, "it/db1");
    REQUIRE(known);
    std::filesystem::rename(scene.at("dumps"), scene.at("elsewhere"));
    CHECK_FALSE(scene.look(false));
    CHECK(scene.value(metric::backup_readable) == 0);
    for (const char* subject : {"it", "it/db1", "it/db2"}) {
        const Observation* newest = scene.find(metric::backup_newest_timestamp_seconds, subject);
        REQUIRE(newest);
        CHECK(newest->value == known);
        CHECK(newest->observed_at == known);
        CHECK(scene.value(metric::backup_readable, subject) == 0);
    }
}

TEST_CASE("a stream that is not found where a part cannot be read is not gone") {
    Scene scene;
    look_at_two_streams(scene);
    std::filesystem::remove_all(scene.at("dumps/db2"));
    scene.link("dumps/db1/circle.sql", "circle.sql");
    REQUIRE(scene.look(false));
    CHECK(scene.value(metric::backup_readable, "it/db1") == 1);
    CHECK(scene.value(metric::backup_readable, "it/db2") == 0);
    CHECK_FALSE(scene.find(metric::backup_count, "it/db2"));
    std::filesystem::remove(scene.at("dumps/db1/circle.sql"));
    REQUIRE(scene.look(false));
    CHECK(scene.value(metric::backup_readable, "it/db2") == 1);
    CHECK(scene.value(metric::backup_copies_gone, "it/db2") == 1);
}

TEST_CASE("an empty place on another filesystem than the copies were on is unreadable") {
    Scene scene;
    std::filesystem::create_directories(scene.at("dumps"));
    scene.backup.location = scene.at("dumps/*.sql");
    scene.write("backups/it.json",
                fmt::format(R"({{"copies": {{"place": "files {}", "mount": "/mnt/usb",
                    "source": "/dev/sdz1", "counts": {{"": 3}}}}}})",
                            scene.backup.location));
    CHECK_FALSE(scene.look(false));
    CHECK(scene.value(metric::backup_readable) == 0);
    REQUIRE(scene.sink.problems.size() == 1);
    CHECK(scene.sink.problems[0].second.message.find("/mnt/usb is not mounted") !=
          std::string::npos);
}
