// Spans, counts and usual sizes, from what earlier looks saw.
#include "collectors/backups/history.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "core/metrics/backups.hpp"
#include "tests/temporary_directory.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp start = 1795230900;  // 2026-11-21 03:15:00 UTC
constexpr Seconds hour = 3600, day = 24 * hour;

// Looks at a backup again and again; each look is a new process with the memory of the last one.
class Looks : public test::TemporaryDirectory {
  public:
    Looks() {
        REQUIRE(::chmod(path.c_str(), 0755) == 0);
        backup.name = "b";
        backup.kind = BackupKind::files;
        backup.max_age = day;
    }

    void look(Timestamp newest, std::optional<double> size, Timestamp oldest, double count) {
        BackupState state;
        state.newest = {{newest, Confidence::inferred}};
        state.size = size;
        state.oldest = oldest;
        state.count = count;
        state.incomplete = incomplete;
        look(state, newest + hour);
    }
    void look(const BackupState& state, Timestamp now) {
        const Host host;
        LookMemory memory(host, path, backup.name);
        sink = {};
        observe_history(host, sink, memory, backup, state, now);
        REQUIRE(memory.save());
    }
    std::optional<double> value(const Metric& metric, std::string_view subject = "b") const {
        for (const Observation& one : sink.observations)
            if (one.metric == &metric && one.subject == subject) return one.value;
        return std::nullopt;
    }

    Backup backup;
    MemorySink sink;
    std::optional<bool> incomplete = false;
};

}  // namespace

TEST_CASE("the usual size is the median of the copies before the newest") {
    Looks looks;
    const double sizes[] = {100, 120, 80, 110, 20};
    for (int i = 0; i < 5; ++i) {
        looks.look(start + i * day, sizes[i], start, i + 1);
        CHECK(looks.value(metric::backup_usual_size_bytes).has_value() == (i >= 3));
        looks.look(start + i * day, sizes[i], start, i + 1);  // the same copy counts once
    }
    CHECK(looks.value(metric::backup_usual_size_bytes) == 105);
    CHECK(looks.value(metric::backup_shrunk_size_bytes) == 52.5);
    looks.backup.plan.shrink = 0.9;
    looks.look(start + 4 * day, 20, start, 5);
    CHECK(looks.value(metric::backup_shrunk_size_bytes) == 94.5);
    looks.backup.plan.shrink = 0;
    looks.look(start + 4 * day, 20, start, 5);
    CHECK_FALSE(looks.value(metric::backup_shrunk_size_bytes));
    // In time the new size is the usual one.
    looks.backup.plan.shrink = 0.5;
    for (int i = 5; i < 40; ++i) looks.look(start + i * day, 20, start, 5);
    CHECK(looks.value(metric::backup_usual_size_bytes) == 20);
}

TEST_CASE("of many copies the last 30 are usual, with the sizes that they have in the end") {
    Looks looks;
    for (int i = 0; i < 40; ++i) {
        looks.look(start + i * day, 10, start, 1);  // it grows after its time is known
        looks.look(start + i * day, 100, start, 1);
        CHECK(looks.value(metric::backup_usual_size_bytes) ==
              (i < 3 ? std::nullopt : std::optional(100.0)));
    }
    // A copy from the future is not remembered: all others would be older.
    BackupState ahead;
    ahead.newest = {{start + 900 * day, Confidence::exact}};
    ahead.size = 100;
    looks.look(ahead, start + 40 * day);
    for (int i = 41; i < 80; ++i) looks.look(start + i * day, 300, start, 1);
    CHECK(looks.value(metric::backup_usual_size_bytes) == 300);
}

TEST_CASE("what is small and of unknown content does not become usual") {
    Looks looks;
    for (int i = 0; i < 5; ++i) looks.look(start + i * day, 100, start, i + 1);
    looks.incomplete.reset();
    for (int i = 5; i < 40; ++i) looks.look(start + i * day, 20, start, 5);
    CHECK(looks.value(metric::backup_usual_size_bytes) == 100);
    looks.incomplete = false;
    for (int i = 40; i < 80; ++i) looks.look(start + i * day, 20, start, 5);
    CHECK(looks.value(metric::backup_usual_size_bytes) == 20);
}

TEST_CASE("the copies must reach back as far as they could by now") {
    Looks looks;
    looks.backup.plan.keep_span = 7 * day;
    looks.backup.plan.delete_after = 7 * day;
    looks.look(start, 1, start, 1);
    CHECK_FALSE(looks.value(metric::backup_min_span_seconds));
    CHECK(looks.value(metric::backup_max_span_seconds) == 8 * day);
    looks.look(start + 3 * day, 1, start, 4);
    CHECK(looks.value(metric::backup_min_span_seconds) == 2 * day + hour);
    // The first copies are deleted too early: that they were there is remembered.
    looks.look(start + 5 * day, 1, start + 4 * day, 2);
    CHECK(looks.value(metric::backup_min_span_seconds) == 4 * day + hour);
    looks.look(start + 50 * day, 1, start + 44 * day, 7);
    CHECK(looks.value(metric::backup_min_span_seconds) == 6 * day);
}

TEST_CASE("by now there must be so many copies as there was time for") {
    Looks looks;
    looks.backup.plan.min_count = 3;
    looks.look(start, 1, start, 1);
    CHECK_FALSE(looks.value(metric::backup_min_count));
    looks.look(start + day, 1, start, 2);
    CHECK(looks.value(metric::backup_min_count) == 1);
    looks.look(start + 9 * day, 1, start + 8 * day, 2);
    CHECK(looks.value(metric::backup_min_count) == 3);
}

TEST_CASE("each stream has a past of its own") {
    Looks looks;
    looks.backup.plan.keep_span = 10 * day;
    for (int i = 0; i < 5; ++i) {
        BackupState whole;
        for (const char* name : {"small", "large"}) {
            BackupState one;
            one.newest = {{start + i * day, Confidence::exact}};
            one.size = std::string_view(name) == "small" ? 10 : 1000;
            one.oldest = start;
            whole.streams.push_back({name, "", one});
        }
        looks.look(whole, start + i * day + hour);
    }
    CHECK(looks.value(metric::backup_usual_size_bytes, "b/small") == 10);
    CHECK(looks.value(metric::backup_usual_size_bytes, "b/large") == 1000);
    CHECK(looks.value(metric::backup_min_span_seconds, "b/large") == 3 * day + hour);
    CHECK_FALSE(looks.value(metric::backup_usual_size_bytes));
    CHECK_FALSE(looks.value(metric::backup_min_span_seconds));
}

TEST_CASE("a setting that the tool gives no value for is a problem, not silence") {
    Looks looks;
    looks.backup.kind = BackupKind::borg;
    looks.backup.plan.keep_span = 7 * day;
    looks.backup.plan.min_count = 3;
    BackupState state;
    state.newest = {{start, Confidence::inferred}};
    looks.look(state, start + hour);
    REQUIRE(looks.sink.problems.size() == 2);
    CHECK(looks.sink.problems[0].second.message.find("keep_span is set") == 0);
    CHECK(looks.sink.problems[1].second.message.find("min_count is set") == 0);
}

TEST_CASE("values in a memory that make no sense are left out") {
    Looks looks;
    looks.look(start, 1, start, 1);
    for (
        const char* text :
        {R"({"history": {"": {"first": "x", "sizes": 3}}})", R"({"history": {"": [1]}})",
         R"({"history": {"": {"first": -1, "sizes": [[1], [2, "x"], [3, -1], null, [9e9, 1e300]]}}})",
         R"({"history": 7})"}) {
        looks.write("backups/b.json", text);
        looks.look(start, 1, start, 1);
        CHECK_FALSE(looks.value(metric::backup_usual_size_bytes));
    }
}
