// Tests the parsers of what backup tools are told to do. The configurations follow the tools' own
// manuals.
#include "collectors/backups/parse/tool_job.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "collectors/backups/parse/unit_file.hpp"
#include "collectors/backups/parse/yaml_values.hpp"

using namespace lastgood;

namespace {

using Paths = std::vector<std::string>;

std::vector<ToolJob> jobs_of(std::string_view script, const ShellVariables& variables = {}) {
    std::vector<ToolJob> jobs;
    for_each_command(script, variables, [&](const ShellWords& words, const ShellVariables& set) {
        for (ToolJob& job : parse_backup_command(words, set)) jobs.push_back(std::move(job));
    });
    return jobs;
}

ToolJob job_of(std::string_view script, const ShellVariables& variables = {}) {
    const auto jobs = jobs_of(script, variables);
    REQUIRE_MESSAGE(jobs.size() == 1, std::string(script));
    return jobs[0];
}

bool remarks(const ToolJob& job, std::string_view part) {
    return std::ranges::any_of(job.remarks,
                               [&](const std::string& one) { return one.find(part) != one.npos; });
}

}  // namespace

TEST_CASE("restic backup") {
    const ToolJob job = job_of("restic -r /srv/restic backup /home '/srv/a b' --tag nightly /etc/");
    CHECK(job.kind == BackupKind::restic);
    CHECK(job.location == "/srv/restic");
    CHECK(job.covers == Paths{"/home", "/srv/a b", "/etc"});
    CHECK(job.crosses_mounts);
    CHECK(job.remarks.empty());
    for (const char* line :
         {"restic -r /r backup -x /home", "restic backup --repo=/r --one-file-system /home",
          "restic -r/r -qvx backup /home"}) {
        const ToolJob stays = job_of(line);
        CHECK(stays.location == "/r");
        CHECK(stays.covers == Paths{"/home"});
        CHECK_FALSE(stays.crosses_mounts);
    }
    CHECK(job_of("restic backup /home", {{"RESTIC_REPOSITORY", "sftp:me@nas:/r"}}).location ==
          "sftp:me@nas:/r");
    CHECK(job_of("restic --repository-file /etc/r backup /home").location.empty());
    CHECK(job_of("restic -r /r backup --exclude '/home/*/.cache' /home").covers == Paths{"/home"});
    CHECK(remarks(job_of("restic -r /r backup -e /home/x /home"), "excludes"));
    CHECK(remarks(job_of("restic -r /r backup --files-from /etc/l"), "list in a file"));
    CHECK(remarks(job_of("restic -r /r backup /home/*/mail $MORE"), "more than covers"));
    for (const char* line :
         {"restic -r /r forget --prune", "echo restic -r /r backup /home", "# restic backup /home",
          "restic -r /r backup --stdin", "restic", "my-restic backup /x", ""})
        CHECK_MESSAGE(jobs_of(line).empty(), line);
}

TEST_CASE("borg create") {
    const ToolJob job = job_of(
        "borg create -s -C zstd,3 --exclude '*.o' /mnt/b/r::{hostname}-$(date +%F) /home /root");
    CHECK(job.kind == BackupKind::borg);
    CHECK(job.location == "/mnt/b/r");
    CHECK(job.covers == Paths{"/home", "/root"});
    CHECK(job.crosses_mounts);
    CHECK(remarks(job, "excludes"));
    const ToolJob other = job_of("export BORG_REPO=ssh://me@box:23/./r\nborg create -x ::`date` /");
    CHECK(other.location == "ssh://me@box:23/./r");
    CHECK(other.covers == Paths{"/"});
    CHECK_FALSE(other.crosses_mounts);
    CHECK(jobs_of("borg prune /mnt/b/r").empty());
}

TEST_CASE("duplicity: source and target stand at its end") {
    const ToolJob job = job_of("duplicity --full-if-older-than 1M /home file:///backup/home");
    CHECK(job.kind == BackupKind::duplicity);
    CHECK(job.location == "/backup/home");
    CHECK(job.covers == Paths{"/home"});
    CHECK(job.crosses_mounts);
    CHECK_FALSE(job_of("duplicity --exclude-other-filesystems / file:///b").crosses_mounts);
    CHECK(jobs_of("duplicity restore file:///backup/home /tmp/x").empty());
}

TEST_CASE("commands within others") {
    for (const char* line :
         {"nice -n 10 ionice -c3 restic -r /r backup /home >/dev/null 2>&1 && curl x",
          "systemd-inhibit --who=me /usr/bin/restic -r /r backup /home",
          "sh -c 'cd / && restic -r /r backup /home'",
          "env -i RESTIC_REPOSITORY=/r restic backup /home",
          "flock -n /run/lock/b sudo -u backup restic -r /r backup /home",
          "if ! restic -r /r backup /home; then exit 1; fi",
          "REPO=/r\nDIRS=\"/home\"\nrestic --repo \"${REPO}\" \\\n  backup $DIRS | logger"}) {
        const ToolJob job = job_of(line);
        CHECK_MESSAGE(job.location == "/r", line);
        CHECK_MESSAGE(job.covers == Paths{"/home"}, line);
    }
    // What only the running shell knows is not told, and never guessed.
    CHECK(job_of("restic -r \"$(cat /etc/r)\" backup /home").location.empty());
    CHECK(job_of("restic -r /srv/$HOST backup /home").location.empty());
    CHECK(job_of("restic -r relative backup /home").location.empty());
}

TEST_CASE("no password is in the name of a place") {
    CHECK(without_password("rest:https://me:secret@host:8000/x") == "rest:https://me@host:8000/x");
    CHECK(without_password("ftp://me:a/b@c@host/x") == "ftp://me@host/x");
    CHECK(without_password("ssh://me@host:22/./r") == "ssh://me@host:22/./r");
    CHECK(without_password("sftp:me@host:/r") == "sftp:me@host:/r");
}

TEST_CASE("a unit of systemd") {
    const UnitFile unit = parse_unit_file(
        "[Unit]\nExecStart=/no\n[Service]\nEnvironment=\"REPO=/srv/r x\" K=v\n"
        "EnvironmentFile=-/etc/restic.env\nExecStart=/old\nExecStart=\n"
        "; a comment\nExecStart=-/usr/bin/restic -r ${REPO} \\\n# another\n  backup /home/%i /etc "
        "100%%\n"
        "[Install]\nExecStart=/no\n");
    REQUIRE(unit.commands.size() == 1);
    CHECK_FALSE(is_told(unit.commands[0]));
    CHECK(unit.environment == ShellVariables{{"REPO", "/srv/r x"}, {"K", "v"}});
    CHECK(unit.environment_files == Paths{"/etc/restic.env"});
    const ToolJob job = job_of(unit.commands[0], unit.environment);
    CHECK(job.location == "/srv/r x");  // systemd splits $REPO, not ${REPO}
    CHECK(job.covers == Paths{"/etc"});
    CHECK(remarks(job, "more than covers"));
}

TEST_CASE("a crontab") {
    const auto commands = parse_crontab(
        "# m h dom mon dow user command\nSHELL=/bin/sh\nRESTIC_REPOSITORY = \"/srv/r\"\n"
        "17 * * * * root test -x /x || restic backup /home --tag \\%F%input\n"
        "@daily root borg create /b::a /etc\n1 2 3\n",
        true);
    REQUIRE(commands.size() == 2);
    CHECK(commands[0].text == "test -x /x || restic backup /home --tag %F");
    CHECK(job_of(commands[0].text, commands[0].environment).location == "/srv/r");
    CHECK(commands[1].text == "borg create /b::a /etc");
    CHECK(parse_crontab("5 1 * * 0 restic backup /x\n", false)[0].text == "restic backup /x");
}

TEST_CASE("rsnapshot.conf") {
    const std::string head = "snapshot_root\t/var/cache/rsnapshot/\nlogfile\t/var/log/r.log\n";
    auto jobs = parse_rsnapshot_config(head +
                                       "# backup\t/no/\tx/\nbackup\t/home/\tlocalhost/\n"
                                       "backup\t/etc/\tlocalhost/\nbackup\tme@web:/srv/\tweb/\n"
                                       "backup_script\t/usr/bin/dump\tdb/\nretain\talpha\t6\n");
    REQUIRE(jobs.size() == 1);
    CHECK(jobs[0].location == "/var/cache/rsnapshot");
    CHECK(jobs[0].log == "/var/log/r.log");
    CHECK(jobs[0].covers == Paths{"/home", "/etc"});
    CHECK(jobs[0].crosses_mounts);
    for (const char* setting : {"one_fs\t1\n", "rsync_short_args\t-ax\n",
                                "rsync_long_args\t--delete --one-file-system\n"})
        CHECK_FALSE(
            parse_rsnapshot_config(head + setting + "backup\t/home/\tx/\n")[0].crosses_mounts);
    CHECK(parse_rsnapshot_config(head + "one_fs\t1\nbackup\t/home/\tx/\tone_fs=0\n")[0]
              .crosses_mounts);
    jobs = parse_rsnapshot_config(
        head + "backup\t/home/\tx/\tone_fs=1,exclude=/home/x\nbackup\t/etc/\tx/\n");
    CHECK_FALSE(jobs[0].crosses_mounts);
    CHECK(remarks(jobs[0], "Some of its sources"));
    CHECK(remarks(jobs[0], "excludes"));
    CHECK(parse_rsnapshot_config("backup\t/home/\tx/\n").empty());
    CHECK(parse_rsnapshot_config(head + "backup\tme@web:/srv/\tweb/\n").empty());
}

TEST_CASE("borgmatic, flat") {
    const auto jobs = parse_borgmatic_config(R"(# nightly
source_directories:
    - /home          # people
    - "/srv/a b"
repositories:
    - path: /mnt/b/r
      label: usb
    - {path: 'ssh://me@box/./r', label: box}
keep_daily: 7
encryption_passphrase: "no one's: business # here"
)");
    REQUIRE(jobs.size() == 2);
    CHECK(jobs[0].kind == BackupKind::borg);
    CHECK(jobs[0].location == "/mnt/b/r");
    CHECK(jobs[1].location == "ssh://me@box/./r");
    for (const ToolJob& job : jobs) {
        CHECK(job.covers == Paths{"/home", "/srv/a b"});
        CHECK(job.crosses_mounts);
        CHECK(job.remarks.empty());
    }
}

TEST_CASE("borgmatic, in sections, and with databases") {
    const std::string text =
        "location:\n  source_directories: [/home,\n    \"/etc\"]  # both\n"
        "  repositories:\n  - /mnt/b/r\n  one_file_system: true\n"
        "  exclude_patterns: ['*.o']\nhooks:\n  before_backup:\n  - |\n    repositories:\n    - "
        "/no\n";
    auto jobs = parse_borgmatic_config(text);
    REQUIRE(jobs.size() == 1);
    CHECK(jobs[0].location == "/mnt/b/r");
    CHECK(jobs[0].covers == Paths{"/home", "/etc"});
    CHECK_FALSE(jobs[0].crosses_mounts);
    CHECK(remarks(jobs[0], "excludes"));
    // Until 1.8 borgmatic itself then adds --one-file-system.
    jobs = parse_borgmatic_config(
        "source_directories: [/]\nrepositories: [{path: /r}]\npostgresql_databases:\n- name: "
        "all\n");
    CHECK_FALSE(jobs[0].crosses_mounts);
    CHECK(remarks(jobs[0], "databases"));
    jobs = parse_borgmatic_config(
        "source_directories: !include more.yaml\nrepositories: [/r, '{place}/x']\n<<: *common\n");
    REQUIRE(jobs.size() == 1);
    CHECK(jobs[0].covers.empty());
    CHECK(remarks(jobs[0], "more than covers"));
    CHECK(parse_borgmatic_config("source_directories: [/home]\n").empty());
}

TEST_CASE("values of YAML") {
    const auto values = parse_yaml_values(
        "a: 1\nb:\n  c: 'x: y' # z\n  d: [1, {e: 2, f: [3]}, ]\n\"g h\":\n- i: 4\n  j: 5\n-\n  k: "
        "6\n"
        "l: &m n\no: >\n  p: 7\nq: http://x\n---\nr: 8\n");
    std::string all;
    for (const YamlValue& one : values) all += one.path + "=" + (one.told ? one.value : "?") + ";";
    CHECK(all ==
          "a=1;b=;b/c=x: y;b/d/-=1;b/d/-/e=2;b/d/-/f/-=3;g h=;g h/-/i=4;g h/-/j=5;g "
          "h/-/k=6;l=?;q=http://x;");
    for (const char* text :
         {"", "[", "{", "a: [", "a: {b", "- - - - x", "\t:", ":", "a: \"", "- {"})
        parse_yaml_values(text);
}

TEST_CASE("btrbk.conf") {
    const auto jobs = parse_btrbk_config(R"(# of this host
snapshot_dir  _snap   # below the volume
volume /mnt/pool
  subvolume @home
    target send-receive "/mnt/backup/my host"
    target ssh://nas/backup
  subvolume @srv
    target nas:/backup
  subvolume @www
    snapshot_dir /mnt/pool/_www/
    target raw /mnt/backup/raw
volume ssh://web/mnt/pool
  subvolume @
    target /mnt/backup/web
)");
    REQUIRE(jobs.size() == 3);
    CHECK(jobs[0].location == "/mnt/backup/my host");
    CHECK(jobs[0].covers == Paths{"/mnt/pool/@home"});
    CHECK(jobs[0].remarks.empty());
    CHECK(jobs[1].location == "/mnt/pool/_snap");
    CHECK(jobs[1].covers == Paths{"/mnt/pool/@srv"});
    CHECK(remarks(jobs[1], "another host"));
    CHECK(jobs[2].location == "/mnt/pool/_www");
    CHECK(remarks(jobs[2], "no target"));
    for (const ToolJob& job : jobs) CHECK_FALSE(job.crosses_mounts);
    // Without a volume, and with a target for all.
    const auto plain = parse_btrbk_config(
        "target /mnt/usb\nsubvolume /home\nsnapshot_dir /home/.s\nsubvolume /srv/*\n");
    REQUIRE(plain.size() == 1);
    CHECK(plain[0].location == "/mnt/usb");
    CHECK(plain[0].covers == Paths{"/home"});
    CHECK(remarks(plain[0], "a pattern"));
    CHECK(parse_btrbk_config("subvolume /home\n").empty());
}

TEST_CASE("a configuration of snapper") {
    const auto jobs = parse_snapper_config(
        "# subvolume to "
        "snapshot\nSUBVOLUME=\"/home\"\nFSTYPE=\"btrfs\"\nTIMELINE_CREATE=\"yes\"\n");
    REQUIRE(jobs.size() == 1);
    CHECK(jobs[0].location == "/home");
    CHECK(jobs[0].covers == Paths{"/home"});
    CHECK_FALSE(jobs[0].crosses_mounts);
    CHECK(parse_snapper_config("SUBVOLUME=\"/\"\nFSTYPE=\"btrfs\"\nTIMELINE_CREATE=\"no\"\n")
              .empty());
    CHECK(parse_snapper_config("SUBVOLUME=/\nFSTYPE=\"lvm(ext4)\"\nTIMELINE_CREATE=yes\n").empty());
}
