// What a directory tells of whether it is a whole copy.
#include "collectors/backups/directory_copy.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/temporary_directory.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp now = 1795230900;

struct Scene : test::TemporaryDirectory {
    Scene() {
        write("/now", fmt::format("{}", now));
        write("/copy/x", "x");
        std::filesystem::remove(at("/copy/x"));
    }
    // Its directory has changed this long before now.
    std::string judged(const std::string& complete_if = "", Seconds age = 9000,
                       std::optional<Timestamp> began = {}) const {
        for (const auto& one : std::filesystem::recursive_directory_iterator(at("/copy")))
            touch(one.path(), age);
        touch(at("/copy"), age);
        const auto result = probe_directory(Host(path), "/copy", {complete_if, began}, Depth::whole,
                                            Host(path).monotonic() + 10);
        REQUIRE(result);
        if (result->being_written) return "being written";
        return result->state == Completeness::complete  ? "complete"
               : result->state == Completeness::unknown ? "unknown"
                                                        : result->reason;
    }

  private:
    static void touch(const std::string& name, Seconds age) {
        const timespec time{static_cast<time_t>(now - age), 0};
        const timespec times[2] = {time, time};
        REQUIRE(::utimensat(AT_FDCWD, name.c_str(), times, AT_SYMLINK_NOFOLLOW) == 0);
    }
};

// With these files, which have some content.
std::string with(const std::vector<std::string>& names) {
    const Scene scene;
    for (const std::string& name : names) scene.write("/copy/" + name, "x");
    return scene.judged();
}

}  // namespace

TEST_CASE("the mark that a tool writes last makes a directory whole, unless it is empty") {
    CHECK(with({"toc.dat", "3412.dat.gz"}) == "its toc.dat is damaged");
    CHECK(with({"backup_manifest", "base.tar.gz"}) == "its backup_manifest is cut");
    CHECK(with({"backup.manifest", "pg_data/x"}) == "complete");
    CHECK(with({"xtrabackup_info", "ibdata1"}) == "complete");
    CHECK(with({"mariadb_backup_info", "ibdata1"}) == "complete");
    const Scene scene;
    scene.write("/copy/toc.dat", "");
    CHECK(scene.judged() == "its toc.dat is empty");
    const Scene named;
    named.write("/copy/toc.dat/x", "x");  // a directory of that name
    CHECK(named.judged() == "unknown");
}

TEST_CASE("what a tool began and did not mark is incomplete") {
    CHECK(with({"3412.dat.gz"}) == "pg_dump did not finish: toc.dat is missing");
    CHECK(with({"backup_manifest.tmp", "base.tar"}) ==
          "pg_basebackup did not finish: backup_manifest is missing");
    CHECK(with({"backup.manifest.copy"}) ==
          "pgbackrest did not finish: backup.manifest is missing");
    CHECK(with({"xtrabackup_logfile"}).starts_with("mariabackup did not finish"));
    CHECK(with({"holiday.dat", "letter"}) == "unknown");
}

TEST_CASE("a directory in which there is nothing is no copy") {
    CHECK(with({}) == "the directory is empty");
    const Scene scene;
    std::filesystem::create_directories(scene.at("/copy/home/anna"));
    CHECK(scene.judged() == "it holds no file");
    scene.write("/copy/home/anna/letter", "x");
    CHECK(scene.judged() == "unknown");
}

TEST_CASE("the file that the job writes at its end decides alone") {
    const Scene scene;
    scene.write("/copy/toc.dat", "x");
    CHECK(scene.judged("DONE") == "it has no file DONE");
    std::filesystem::create_directories(scene.at("/copy/DONE"));
    CHECK(scene.judged("DONE") == "it has no file DONE");
    std::filesystem::remove(scene.at("/copy/DONE"));
    scene.write("/copy/DONE", "");
    CHECK(scene.judged("DONE") == "complete");
}

// cp -al yesterday today; rsync -a SOURCE today; touch today/DONE
TEST_CASE("the mark of the copy before proves nothing") {
    const Scene scene;
    scene.write("/copy/DONE", "");
    const Timestamp written = now - 9000;
    CHECK(scene.judged("DONE", 9000, written - 600) == "complete");
    CHECK(scene.judged("DONE", 9000, written + 14 * 3600) == "complete");  // another time zone
    CHECK(scene.judged("DONE", 9000, written + 14 * 3600 + 1) == "unknown");
}

TEST_CASE("what changed a moment ago may still be written, but not what lies in the future") {
    const Scene scene;
    scene.write("/copy/3412.dat", "x");
    CHECK(scene.judged("", 599) == "being written");
    CHECK(scene.judged("", 600).starts_with("pg_dump did not finish"));
    CHECK(scene.judged("", -60).starts_with("pg_dump did not finish"));
}
