#include "collectors/backups/groups.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/recorded_host.hpp"

using namespace lastgood;

namespace {

Backup backup(const std::string& name, BackupKind kind, const std::string& location) {
    Backup one;
    one.name = name;
    one.kind = kind;
    one.location = location;
    return one;
}

std::string names(const std::vector<const Backup*>& backups) {
    std::string text;
    for (const Backup* one : backups) text += one->name;
    return text;
}

struct Looks {
    Looks() {
        for (const char* name : {"a", "b", "c", "d"})
            backups.push_back(backup(name, BackupKind::restic, "/x"));
    }
    // The order of one run that ends by itself, or in the look at `fatal`.
    std::string run(std::string_view fatal = "") {
        LookOrder order(Host(), directory.path, "/mnt/nas");
        std::vector<const Backup*> all;
        for (const Backup& one : backups) all.push_back(&one);
        const auto sorted = order.sorted(all);
        for (const Backup* one : sorted) {
            order.begin(one->name);
            if (one->name == fatal) break;
            order.end(one->name);
        }
        return names(sorted);
    }
    test::TemporaryDirectory directory;
    std::vector<Backup> backups;
};

}  // namespace

TEST_CASE("the backups on one filesystem are one group") {
    test::RecordedHost recorded;
    recorded.file("/proc/self/mountinfo",
                  "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n28 27 0:50 / /mnt/nas rw - nfs4 nas:/x rw\n"
                  "29 27 0:51 / /mnt/my\\040disk rw - ext4 /dev/sdb rw\n");
    Config config;
    config.backups = {backup("a", BackupKind::files, "/mnt/nas/*/db/*.sql"),
                      backup("b", BackupKind::restic, "/srv/restic"),
                      backup("c", BackupKind::borg, "/mnt/nas"),
                      backup("d", BackupKind::observed, ""),
                      backup("e", BackupKind::restic, "/mnt/my disk/r"),
                      backup("f", BackupKind::restic, "/mnt/nasty/r")};
    std::string text;
    for (const SubjectGroup& group : backup_groups(recorded.host(), config))
        text += fmt::format("{}: {}\n", group.name, fmt::join(group.members, " "));
    CHECK(text == "/: b d f\n/mnt/my disk: e\n/mnt/nas: a c\n");
}

TEST_CASE("a host without mountinfo has one group") {
    test::RecordedHost recorded;
    Config config;
    config.backups = {backup("a", BackupKind::files, "/b/*"),
                      backup("b", BackupKind::restic, "/c")};
    CHECK(backup_groups(recorded.host(), config).size() == 1);
}

TEST_CASE("a backup that ends the look comes last until a look at it has ended") {
    Looks looks;
    CHECK(looks.run() == "abcd");
    CHECK(looks.run("b") == "abcd");
    CHECK(looks.run("b") == "acdb");
    CHECK(looks.run("a") == "acdb");  // a second one
    CHECK(looks.run() == "cdab");
    CHECK(looks.run() == "abcd");
}

TEST_CASE("an order that cannot be remembered stays as it is given") {
    LookOrder none(Host(), "", "/");
    LookOrder gone(Host(), "/nonexistent/run", "/");
    const Backup one = backup("a", BackupKind::restic, "/x");
    CHECK(names(none.sorted({&one})) == "a");
    gone.begin("a");
    gone.end("a");
    CHECK(names(gone.sorted({&one})) == "a");
}
