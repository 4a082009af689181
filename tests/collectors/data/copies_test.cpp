#include "collectors/data/copies.hpp"

#include <doctest/doctest.h>

#include <string>

#include "collectors/data/paused.hpp"
#include "core/metrics/backup_jobs.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/data.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/metrics/host.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp now = 1'800'000'000;

struct Scene {
    void data_has(const std::string& backup, const std::string& domain, const std::string& via = "",
                  const std::string& part = "") {
        add(metric::data_info, "d", 1, {{"filesystem", "/"}});
        add(metric::data_backup, "d", 1,
            {{"backup", backup},
             {"content", "files"},
             {"domain", domain},
             {"part", part},
             {"via", via}});
    }
    void backup(const std::string& name, Seconds age, const std::string& domain = "off-host") {
        add(metric::backup_readable, name, 1);
        add(metric::backup_max_age_seconds, name, 26 * 3600);
        add(metric::backup_newest_timestamp_seconds, name, now - age, {{"confidence", "exact"}});
        if (!domain.empty()) add(metric::backup_failure_domain, name, 1, {{"domain", domain}});
    }
    void add(const Metric& metric, const std::string& subject, double value, Labels labels = {}) {
        observations.push_back({&metric, subject, std::move(labels), value, now});
    }
    // "same-drive 1 unknown 2": what is not 0.
    std::string of(const Metric& metric) const {
        MemorySink sink;
        const std::function<std::optional<Timestamp>(SubjectKind, const std::string&)> never =
            [](SubjectKind, const std::string&) { return std::nullopt; };
        derive_copies({observations, never, now}, sink);
        derive_paused({observations, never, now}, sink);
        std::string text;
        for (const Observation& one : sink.observations)
            if (one.metric == &metric && one.value != 0)
                text += (text.empty() ? "" : " ") + std::string(one.label("domain")) +
                        (one.subject.empty() || one.subject == "d" ? " " : one.subject + " ") +
                        std::to_string(static_cast<int>(one.value));
        return text;
    }
    std::vector<Observation> observations;
};

}  // namespace

TEST_CASE("only fresh copies of all of it count") {
    Scene scene;
    for (const char* name : {"fresh", "stale", "part", "silent"}) {
        if (std::string(name) != "silent")
            scene.backup(name, name == std::string("stale") ? 9e5 : 60);
        scene.data_has(name, "off-host", "", name == std::string("part") ? "/home/anna" : "");
    }
    CHECK(scene.of(metric::data_copies) == "off-host 1 unknown 1");
}

TEST_CASE("a copy of copies counts if both are fresh") {
    Scene scene;
    scene.backup("dump", 60, "same-drive");
    scene.backup("off-site", 60);
    scene.backup("old", 9e5);
    scene.data_has("dump", "same-drive");
    scene.data_has("old", "off-host", "dump");
    CHECK(scene.of(metric::data_copies) == "same-drive 1");
    CHECK(scene.of(metric::backup_told_by_data) == "dump 1");
    scene.data_has("off-site", "off-host", "dump");
    CHECK(scene.of(metric::data_copies) == "same-drive 1 off-host 1");
    CHECK(scene.of(metric::backup_told_by_data).empty());
}

TEST_CASE("a fresh copy of stale copies is no good copy") {
    Scene scene;
    scene.backup("dump", 9e5, "same-drive");
    scene.backup("off-site", 60);
    scene.data_has("dump", "same-drive");
    scene.data_has("off-site", "off-host", "dump");
    CHECK(scene.of(metric::data_copies).empty());
}

TEST_CASE("a fresh copy of what is late, broken or unproven is no good copy") {
    for (const char* state : {"fresh", "stale", "unproven", "gone"}) {
        const std::string original = state;
        Scene scene;
        if (original != "gone") scene.backup(original, original == "stale" ? 5 * 86400 : 60);
        if (original == "unproven") scene.observations[2].labels = {{"confidence", "activity"}};
        scene.backup("hop", 60);
        scene.add(metric::backup_copy_of, "hop", 1, {{"original", original}});
        scene.backup("second hop", 60);
        scene.add(metric::backup_copy_of, "second hop", 1, {{"original", "hop"}});
        scene.data_has("second hop", "off-host");
        CHECK_MESSAGE(scene.of(metric::data_copies) == (original == "fresh"   ? "off-host 1"
                                                        : original == "stale" ? ""
                                                                              : "unknown 1"),
                      state);
    }
}

TEST_CASE("a fresh copy without a part of the source proves nothing") {
    Scene scene;
    scene.backup("it", 60);
    scene.data_has("it", "off-host");
    scene.add(metric::backup_size_bytes, "it", 40);
    scene.add(metric::backup_shrunk_size_bytes, "it", 50);
    CHECK(scene.of(metric::data_copies) == "unknown 1");
    scene.observations.pop_back();
    scene.add(metric::backup_job_partly, "it", 1);
    CHECK(scene.of(metric::data_copies) == "unknown 1");
    scene.observations.back().value = 0;
    CHECK(scene.of(metric::data_copies) == "off-host 1");
    scene.add(metric::backup_missing_streams, "it", 1);
    CHECK(scene.of(metric::data_copies).empty());
}

TEST_CASE("a backup off the host counts for the host unless it or its original is bad") {
    Scene scene;
    scene.backup("local", 5 * 86400, "same-drive");
    scene.backup("off", 60);
    CHECK(scene.of(metric::backups) == "same-drive 1 off-host 1");
    scene.add(metric::backup_copy_of, "off", 1, {{"original", "local"}});
    CHECK(scene.of(metric::backups) == "same-drive 1");
    scene.add(metric::backup_failure_domain, "silent", 1, {{"domain", "off-host"}});
    CHECK(scene.of(metric::backups) == "same-drive 1 unknown 1");
}

TEST_CASE("a backup with streams is as fresh as the oldest of them") {
    Scene scene;
    scene.add(metric::backup_streams, "vm", 2);
    scene.add(metric::backup_readable, "vm", 1);
    scene.data_has("vm", "off-host");
    scene.backup("vm/101", 60, "");
    CHECK(scene.of(metric::data_copies) == "unknown 1");
    scene.backup("vm/102", 60, "");
    CHECK(scene.of(metric::data_copies) == "off-host 1");
    scene.backup("vm/102", 9e5, "");
    scene.observations.erase(scene.observations.end() - 6, scene.observations.end() - 3);
    CHECK(scene.of(metric::data_copies).empty());
    CHECK(scene.of(metric::backups) == "unknown 1");
}

TEST_CASE("backups of the host by where they lie") {
    Scene scene;
    CHECK(scene.of(metric::backups).empty());
    scene.backup("a", 60, "same-host");
    scene.backup("b", 60, "same-drive");
    CHECK(scene.of(metric::backups) == "same-drive 1 same-host 1");
    scene.backup("c", 60, "");
    CHECK(scene.of(metric::backups) == "same-drive 1 same-host 1 unknown 1");
}

TEST_CASE("a backup without covers lies on this host or leaves it") {
    for (const double on_host : {0, 1}) {
        Scene scene;
        scene.backup("guests", 60, "");
        scene.add(metric::backup_on_host, "guests", on_host);
        CHECK(scene.of(metric::backups) == (on_host == 1 ? "same-host 1" : "off-host 1"));
    }
    Scene scene;
    scene.backup("job", 60, "");
    CHECK(scene.of(metric::backups) == "unknown 1");
}

TEST_CASE("a copy on an ephemeral disk is no second copy, fresh or not") {
    Scene scene;
    scene.backup("dump", 60, "same-drive");
    scene.backup("scratch", 60, "same-host");
    scene.data_has("dump", "same-drive");
    scene.data_has("scratch", "ephemeral");
    scene.data_has("silent", "ephemeral");
    CHECK(scene.of(metric::data_copies) == "same-drive 1 ephemeral 2");
    CHECK(scene.of(metric::backup_told_by_data) == "dump 1 scratch 1 silent 1");
}

TEST_CASE("the drives that data and its copies lie on, as far as they are known") {
    Scene scene;
    scene.backup("dump", 60, "same-drive");
    scene.data_has("dump", "same-drive");
    CHECK(scene.of(metric::data_drives).empty());  // those of the data are not known
    scene.add(metric::filesystem_drive, "/", 1, {{"drive", "a"}});
    scene.add(metric::backup_drive, "dump", 1, {{"drive", "a"}});
    CHECK(scene.of(metric::data_drives) == " 1");
    CHECK(scene.of(metric::data_drives_incomplete).empty());
    scene.backup("second", 60, "same-host");
    scene.data_has("second", "same-host");
    CHECK(scene.of(metric::data_drives_incomplete) == " 1");
    scene.add(metric::backup_drive, "second", 1, {{"drive", "b"}});
    scene.add(metric::backup_drive, "second", 1, {{"drive", "c"}});
    CHECK(scene.of(metric::data_drives) == " 3");
    CHECK(scene.of(metric::data_drives_incomplete).empty());
    scene.backup("scratch", 60, "same-host");
    scene.data_has("scratch", "ephemeral");
    scene.add(metric::backup_drive, "scratch", 1, {{"drive", "d"}});
    CHECK(scene.of(metric::data_drives) == " 3");
    scene.backup("far", 60, "off-host");
    scene.data_has("far", "off-host");
    CHECK(scene.of(metric::data_drives) == " 3");
    CHECK(scene.of(metric::data_drives_incomplete).empty());
}

TEST_CASE("a copy of which little is known may lie on further drives, and off them") {
    Scene scene;
    scene.backup("dump", 60, "same-drive");
    scene.data_has("dump", "same-drive");
    scene.add(metric::filesystem_drive, "/", 1, {{"drive", "a"}});
    scene.add(metric::backup_drive, "dump", 1, {{"drive", "a"}});
    CHECK(scene.of(metric::data_drives_incomplete).empty());
    CHECK(scene.of(metric::backup_told_by_data) == "dump 1");
    scene.data_has("silent", "same-host");
    CHECK(scene.of(metric::data_copies) == "same-drive 1 unknown 1");
    CHECK(scene.of(metric::data_drives_incomplete) == " 1");
    CHECK(scene.of(metric::backup_told_by_data).empty());
}

TEST_CASE("data whose backups are all paused is told by its name, until the first runs again") {
    Scene scene;
    const Metric& until = metric::data_paused_until_timestamp_seconds;
    scene.data_has("first", "off-host");
    scene.data_has("second/stream", "off-host");
    CHECK(scene.of(until).empty());
    scene.add(metric::backup_paused_until_timestamp_seconds, "first", now + 60);
    CHECK(scene.of(until).empty());
    scene.add(metric::backup_paused_until_timestamp_seconds, "second", now + 50);
    CHECK(scene.of(until) == " 1800000050");
    scene.data_has("third", "off-host", "first");  // a copy of copies
    CHECK_FALSE(scene.of(until).empty());
    scene.data_has("fourth", "off-host");
    CHECK(scene.of(until).empty());
}

TEST_CASE("a pause that has ended pauses nothing") {
    Scene scene;
    scene.data_has("first", "off-host");
    scene.add(metric::backup_paused_until_timestamp_seconds, "first", now - 1);
    CHECK(scene.of(metric::data_paused_until_timestamp_seconds).empty());
}
