// What config check says of a [[backup]] that does not fit this host.
#include <doctest/doctest.h>

#include "agent/config/surroundings.hpp"
#include "agent/config_file.hpp"
#include "core/metrics/backups.hpp"
#include "core/report.hpp"
#include "core/text.hpp"
#include "tests/recorded_host.hpp"

using namespace lastgood;

namespace {

// A root filesystem, and a disk for copies.
struct Scene : test::RecordedHost {
    Scene() {
        file("/proc/self/mountinfo",
             "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
             "22 21 8:17 / /backup rw - ext4 /dev/sdb1 rw\n");
        for (const char* name : {"/srv/data", "/backup/db"}) directory(name);
    }
    void write(const std::string& directory, std::initializer_list<const char*> names) {
        for (const char* name : names) file(directory + "/" + name, "x");
    }
    std::string warnings(const std::string& text) const {
        ConfigReading reading = read_config_text("[[backup]]\nname = \"it\"\n" + text, "x");
        CHECK(reading.mistakes.empty());
        look_around(host(), reading);
        std::string all;
        for (const ConfigRemark& remark : reading.warnings) all += to_string(remark) + "\n";
        return all;
    }
};

}  // namespace

TEST_CASE("a repository under the key of another tool is told, with the key to write") {
    Scene scene;
    scene.write("/backup/borg", {"README", "config", "data/0/1"});
    scene.write("/backup/restic", {"config", "data/00/1", "keys/1", "snapshots/1"});
    scene.write("/backup/kopia", {"kopia.repository.f"});
    scene.write("/backup/rdiff", {"rdiff-backup-data/x"});
    CHECK(scene.warnings("restic = \"/backup/borg\"\n") ==
          "x:3:10: /backup/borg holds what borg makes: write borg = \"/backup/borg\"\n");
    CHECK(scene.warnings("borg = \"/backup/restic/\"\n") ==
          "x:3:8: /backup/restic holds what restic makes: write restic = \"/backup/restic\"\n");
    CHECK(scene.warnings("files = \"/backup/kopia/*\"\n") ==
          "x:3:9: /backup/kopia holds what kopia makes: write kopia = \"/backup/kopia\"\n");
    CHECK(contains(scene.warnings("duplicity = \"/backup/rdiff\"\n"), "write rdiff_backup ="));
    for (const char* right : {"borg = \"/backup/borg\"\n", "restic = \"/backup/restic\"\n",
                              "kopia = \"/backup/kopia\"\n", "rdiff_backup = \"/backup/rdiff\"\n",
                              "files = \"/backup/db/*\"\n", "restic = \"/backup/db\"\n"})
        CHECK(scene.warnings(right) == "");
}

TEST_CASE("a link in covers is told, unless the tool follows it") {
    Scene scene;
    scene.link("/srv/link", "/srv/data");
    CHECK(scene.warnings("restic = \"/backup/db\"\ncovers = [\"/srv/data\", \"/srv/link\"]\n") ==
          "x:4:24: /srv/link counts for nothing: a link leads to /srv/data, and most tools store "
          "the link alone; let the job back up /srv/data, and write covers = [\"/srv/data\"]\n");
    CHECK(scene.warnings("rsnapshot = \"/backup/db\"\ncovers = [\"/srv/link\"]\n") == "");
}

TEST_CASE("a path on the filesystem of its copies is told") {
    Scene scene;
    CHECK(scene.warnings("files = \"/backup/db/*\"\ncovers = [\"/srv/data\"]\n") == "");
    CHECK(scene.warnings("files = \"/backup/db/*\"\ncovers = [\"/backup\"]\n") ==
          "x:4:11: /backup is on the filesystem of its copies, /backup: one failure takes both; "
          "let copies go to another drive or host, too, and name them: copies = [{on = "
          "\"/mnt/nas/it\"}]\n");
    // Snapshots are there by their nature; of a stamp nobody knows where the copies are.
    CHECK(scene.warnings("snapper = \"/srv/data\"\ncovers = [\"/srv/data\"]\n") == "");
    CHECK(scene.warnings("stamp = \"/srv/data/ok\"\ncovers = [\"/srv/data\"]\n") == "");
}

TEST_CASE("a name in slots that fits no stream of the running agent is told") {
    Scene scene;
    const std::string text =
        "vzdump = \"/backup/db\"\nschedule = \"03:00\"\n"
        "slots = {mon = [\"qemu-100\", \"qemu-l01\"], tue = [\"it/qemu-101\", \"x\"]}\n";
    CHECK_MESSAGE(scene.warnings(text) == "", "no agent runs");
    Report report;
    report.written_at = 1;
    for (const char* stream : {"it/qemu-100", "it/qemu-101", "other/x"})
        report.observations.push_back({&metric::backup_readable, stream, {}, 1, 1});
    scene.file("/run/lastgood/report.json", to_json(report));
    CHECK(scene.warnings(text) ==
          "x:5:29: slots: it has no stream \"qemu-l01\" until now; did you mean qemu-101?\n"
          "x:5:64: slots: it has no stream \"x\" until now; it has qemu-100, qemu-101\n");
}
