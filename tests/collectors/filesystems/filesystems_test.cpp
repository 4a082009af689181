#include "core/metrics/filesystems.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "collectors/filesystems/facts.hpp"
#include "collectors/filesystems/probe.hpp"
#include "collectors/kernel_watch.hpp"
#include "core/backup_need.hpp"
#include "core/clock.hpp"
#include "core/ephemeral.hpp"
#include "core/mounts.hpp"
#include "tests/collectors/golden.hpp"
#include "tests/recorded_host.hpp"
#include "tests/select.hpp"
#include "tests/support.hpp"

using namespace lastgood;

namespace {

const Collector& filesystems() {
    const Collector* collector = find_collector("filesystems");
    REQUIRE(collector != nullptr);
    return *collector;
}

constexpr std::string_view kernel_types =
    "nodev\tproc\nnodev\ttmpfs\nnodev\toverlay\n\text4\n\tsquashfs\n\tvfat\nnodev\tbtrfs\n\tfuseblk"
    "\n";

std::string points(std::string_view mountinfo) {
    const auto mounts = parse_mountinfo(mountinfo);
    std::string text;
    for (const Mount* mount : select_mounts(mounts, kernel_types)) text += mount->point + " ";
    return text;
}

std::optional<double> value(const MemorySink& sink, const Metric& metric,
                            std::string_view subject) {
    return value_of(sink.observations, metric, subject);
}

// Hangs like a mount whose server is gone; only "/good" answers.
int hanging_probe(const char* point, FilesystemUse& use) {
    if (std::string_view(point) == "/good") {
        use.size = 42;
        return 0;
    }
    if (std::string_view(point) == "/denied") return EACCES;
    if (std::string_view(point) == "/crash") ::_exit(7);
    ::signal(SIGTERM, SIG_IGN);
    while (true) ::pause();
}

}  // namespace

TEST_CASE("filesystems of recorded hosts") {
    Config config;
    Backup backup;
    backup.name = "home";
    backup.covers = {"/home", "/srv/www"};
    config.backups.push_back(backup);
    for (const char* name : {"mirror-healthy", "raid10-one-lost", "raid5-rebuilding",
                             "read-only-by-error", "btrfs-missing-drive"})
        CHECK(test::matches_golden(
            fmt::format("hosts/{}/golden/filesystems.jsonl", name),
            test::run_on_host(filesystems(), test::host_directory(name), config).text));
}

TEST_CASE("read-only after an error, read-only on purpose, and ephemeral") {
    Config config;
    const auto ran =
        test::run_on_host(filesystems(), test::host_directory("read-only-by-error"), config);
    auto read_only = [&](const char* point) {
        return fmt::format(
            "{}{}", value(ran.sink, metric::filesystem_read_only, point).value_or(-1),
            value(ran.sink, metric::filesystem_read_only_intended, point).value_or(-1));
    };
    CHECK(read_only("/") == "00");
    CHECK(read_only("/srv") == "10");
    CHECK(read_only("/media/archive") == "11");
    CHECK(read_only("/var/spool") == "10");
    CHECK(value(ran.sink, metric::filesystem_ephemeral, "/mnt") == 1);
    CHECK(value(ran.sink, metric::filesystem_ephemeral, "/") == 0);
    CHECK(value(ran.sink, metric::filesystem_backed_up, "/mnt") == 0);
    CHECK_FALSE(value(ran.sink, metric::filesystem_backed_up, "/boot/efi"));
    CHECK_FALSE(value(ran.sink, metric::filesystem_backed_up, "/mnt/share"));
    CHECK_FALSE(value(ran.sink, metric::filesystem_info, "/snap/core/1"));
    CHECK_FALSE(value(ran.sink, metric::filesystem_info, "/mnt/auto"));
    CHECK(value(ran.sink, metric::filesystem_kernel_errors_total, "/srv") == 2);
}

TEST_CASE("ext4 that stopped after an error but shows itself as writable") {
    const auto read_only = [](std::string_view errors, std::string_view last_error_time,
                              std::string_view options) {
        test::RecordedHost host;
        host.block("sda", "/sys/devices/pci0000:00/ata1/host0/target0:0:0/0:0:0:0/block/sda",
                   "8:0");
        host.file("/proc/self/mountinfo", "22 1 8:0 / /srv rw,relatime - ext4 /dev/sda rw\n");
        host.file("/proc/filesystems", std::string(kernel_types));
        host.file("/proc/stat", "cpu 1 2 3\nbtime 1800000000\nprocesses 4\n");
        host.file("/now", "1800090000\n");
        host.file("/sys/fs/ext4/sda/errors_count", std::string(errors));
        host.file("/sys/fs/ext4/sda/last_error_time", std::string(last_error_time));
        host.file("/proc/fs/ext4/sda/options", std::string(options));
        const auto ran = test::run_on_host(filesystems(), host.root());
        return value(ran.sink, metric::filesystem_read_only, "/srv") == 1;
    };
    // As Debian 12's Linux 6.1.0-50 shows it in /proc/fs/ext4/DEVICE/options.
    const std::string stops = "rw\nbsddf\nresgid=0\nerrors=remount-ro\ncommit=5\n";
    const std::string goes_on = "rw\nbsddf\nresgid=0\nerrors=continue\ncommit=5\n";
    CHECK(read_only("4\n", "1800000100\n", stops));
    CHECK(read_only("4\n", "1800000000\n", stops));  // in the second of the boot
    CHECK_FALSE(read_only("4\n", "1799999900\n",
                          stops));  // from an earlier boot, without an fsck since
    CHECK_FALSE(read_only("4\n", "1800000100\n", goes_on));
    CHECK_FALSE(read_only("0\n", "0\n", stops));
}

TEST_CASE("a mount that hangs is reported as not responding, without values") {
    const auto ran = test::run_on_host(filesystems(), test::host_directory("mirror-healthy"));
    CHECK(value(ran.sink, metric::filesystem_responding, "/mnt/nas") == 0);
    CHECK_FALSE(value(ran.sink, metric::filesystem_used_ratio, "/mnt/nas"));
    CHECK(value(ran.sink, metric::filesystem_responding, "/") == 1);
    CHECK(test::select(ran.sink.observations, metric::filesystem_drive, "/").size() == 2);
    CHECK_FALSE(value(ran.sink, metric::filesystem_info, "/export"));  // a bind mount
}

TEST_CASE("selection of mounts") {
    CHECK(points("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:5 / /proc rw - proc proc rw\n") ==
          "/ ");
    // A bind mount of a directory, before and after the filesystem itself.
    CHECK(points("1 0 8:1 /data /export rw - ext4 /dev/sda1 rw\n2 1 8:1 / /srv rw - ext4 /dev/sda1 "
                 "rw\n") == "/srv ");
    CHECK(points(
              "1 0 8:1 / /srv rw - ext4 /dev/sda1 rw\n2 1 8:1 / /again rw - ext4 /dev/sda1 rw\n") ==
          "/srv ");
    // Hidden by a later mount.
    CHECK(points("1 0 8:1 / /mnt rw - ext4 /dev/sda1 rw\n2 1 0:9 / /mnt rw - tmpfs none rw\n") ==
          "");
    CHECK(points("1 0 0:33 / /n rw - autofs x rw\n2 1 0:44 / /n rw - nfs4 srv:/v rw\n") == "/n ");
    // btrfs: each subvolume counts, bind mounts of directories in one do not.
    CHECK(points("1 0 0:40 /@ / rw - btrfs /dev/sda rw,subvol=/@\n2 1 0:40 /@home /home rw - btrfs "
                 "/dev/sda rw,subvol=/@home\n"
                 "3 1 0:40 /@home/www /srv/www rw - btrfs /dev/sda rw,subvol=/@home\n") ==
          "/ /home ");
    CHECK(points("1 0 7:0 / /snap/x/1 ro - squashfs /dev/loop0 ro\n2 1 0:50 / /h rw - fuse.sshfs "
                 "a:/ rw\n"
                 "3 1 0:51 / /run/user/1/gvfs rw - fuse.gvfsd-fuse gvfsd-fuse rw\n4 1 8:2 / /win "
                 "rw - fuseblk /dev/sda2 rw\n") == "/h /win ");
}

TEST_CASE("mounts that are read-only on purpose") {
    const auto fstab = parse_fstab("a /ro ext4 ro\nb /rw ext4 defaults\n");
    auto intended = [&](const char* point, const char* options, const char* super) {
        const auto mounts = parse_mountinfo(
            fmt::format("1 0 8:1 / {} {} - ext4 /dev/sda1 {}\n", point, options, super));
        return read_only_intended(mounts.at(0), fstab);
    };
    CHECK(intended("/ro", "ro", "ro"));
    CHECK_FALSE(intended("/rw", "ro", "ro"));
    CHECK_FALSE(intended("/rw", "rw", "ro"));
    CHECK(intended("/by-hand", "ro", "ro"));
    CHECK_FALSE(intended("/by-hand", "rw",
                         "ro,errors=remount-ro"));  // an error changes the filesystem only
    CHECK_FALSE(intended("/ro", "ro", "ro,emergency_ro"));
    CHECK_FALSE(intended("/by-hand", "ro", "ro,shutdown"));
}

namespace {

constexpr const char* several_mounts =
    "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 8:2 / /srv rw - ext4 /dev/sda2 rw\n"
    "3 1 8:3 / /srv/db rw - ext4 /dev/sda3 rw\n4 1 8:4 / /backup rw - ext4 /dev/sdb rw\n"
    "5 1 8:2 /www /export rw - ext4 /dev/sda2 rw\n";

struct Covers {
    explicit Covers(const char* mountinfo) { topology.mounts = parse_mountinfo(mountinfo); }
    void add(const std::string& name, const std::vector<std::string>& paths, bool crosses = false) {
        Backup& backup = *backups.emplace_back(std::make_unique<Backup>());
        backup.name = name;
        backup.covers = paths;
        backup.crosses_mounts = crosses;
        for (const std::string& path : paths)
            covered.push_back({&backup, place_by_name(topology, path)});
    }
    // "db8" has all of it, "db8 (/etc)" a part.
    std::string of(size_t mount, bool ephemeral = false) const {
        std::string text;
        for (const CoveringBackup& one : backups_of(topology.mounts[mount], ephemeral, covered))
            text += (text.empty() ? "" : "; ") + one.backup->name +
                    (one.part.empty() ? "" : " (" + one.part + ")");
        return text;
    }
    Topology topology;
    std::vector<std::unique_ptr<Backup>> backups;
    std::vector<CoveredPath> covered;
};

}  // namespace

TEST_CASE("the backups that have a filesystem, or parts of it") {
    Covers covers(several_mounts);
    covers.add("system", {"/etc", "/srv/db/mysql", "/opt"});
    covers.add("data", {"/srv", "/srv/www"});
    covers.add("all", {"/"}, true);
    CHECK(covers.of(0) == "system (/etc, /opt); all");
    CHECK(covers.of(1) == "data; all");
    CHECK(covers.of(2) == "system (/srv/db/mysql); all");
    CHECK(covers.of(3) == "all");
    // The temporary disk under covers = ["/"].
    CHECK(covers.of(3, true) == "");

    Covers many(several_mounts);
    many.add("m", {"/a", "/b", "/c", "/d", "/e", "/f", "/g"});
    CHECK(many.of(0) == "m (/a, /b, /c, /d, /e and more)");
}

TEST_CASE("a filesystem that is there for backups need not be backed up itself") {
    Covers covers(several_mounts);
    Backup backup;
    backup.kind = BackupKind::files;
    const auto at = [&](const char* location, size_t mount) {
        backup.location = location;
        return is_for_backups(covers.topology.mounts[mount], covers.topology, {backup},
                              covers.covered);
    };
    CHECK(at("/backup/db/*.sql.gz", 3));
    CHECK_FALSE(at("/backup/db/*.sql.gz", 0));
    CHECK_FALSE(at("/var/backups/*.sql.gz", 0));
    // Dumps on the disk of the data: that one still needs a backup.
    CHECK_FALSE(at("/srv/dumps/*.sql.gz", 1));
    CHECK(at("/srv/db/dumps/*.sql.gz", 2));
    covers.add("db", {"/srv/db/mysql"});
    CHECK_FALSE(at("/srv/db/dumps/*.sql.gz", 2));
    backup.kind = BackupKind::stamp;
    CHECK_FALSE(at("/backup/ok", 3));
}

TEST_CASE("filesystems of the boot loader need no backup") {
    const auto boots = [](const char* point, const char* type) {
        Mount mount;
        mount.point = point;
        mount.type = type;
        return is_boot_filesystem(mount);
    };
    for (const char* point : {"/boot", "/boot/efi", "/boot/firmware", "/efi"})
        CHECK_MESSAGE(boots(point, "ext4"), point);
    CHECK(boots("/mnt/efi", "vfat"));
    for (const char* point : {"/", "/bootleg", "/srv/boot", "/mnt/efi", "/efi2"})
        CHECK_MESSAGE(!boots(point, "ext4"), point);
    CHECK_FALSE(boots("/mnt/stick", "vfat"));
}

TEST_CASE("ephemeral drives by links of the clouds") {
    for (const char* link :
         {"/dev/disk/azure/resource", "/dev/disk/cloud/azure_resource",
          "/dev/disk/cloud/azure_resource-part1", "/dev/disk/by-id/google-local-nvme-ssd-0"}) {
        CAPTURE(link);
        test::RecordedHost host;
        for (const char* name : {"sda", "sdb"})
            host.block(name,
                       std::string("/sys/devices/pci0000:00/ata1/host0/target0:0:0/0:0:0:") +
                           (name + 2) + "/block/" + name,
                       std::string("8:") + name[2]);
        host.file("/dev/sdb", "");
        host.link(link, "../../sdb");
        host.link("/dev/disk/by-id/google-persistent-disk-0", "../../sda");
        host.file("/proc/self/mountinfo",
                  "22 1 8:a / / rw - ext4 /dev/sda rw\n23 22 8:b / /mnt rw - ext4 /dev/sdb rw\n");
        host.file("/proc/filesystems", std::string(kernel_types));
        const auto ran = test::run_on_host(filesystems(), host.root());
        CHECK(value(ran.sink, metric::filesystem_ephemeral, "/mnt") == 1);
        CHECK(value(ran.sink, metric::filesystem_ephemeral, "/") == 0);
        // The recorded host has no answer for them: no values and no problem.
        CHECK_FALSE(value(ran.sink, metric::filesystem_used_ratio, "/mnt"));
        CHECK(ran.sink.problems.empty());
    }
}

TEST_CASE("ephemeral drives by model") {
    CHECK(is_ephemeral_model("Amazon EC2 NVMe Instance Storage"));
    CHECK_FALSE(is_ephemeral_model("Amazon Elastic Block Store"));
    CHECK(is_ephemeral_model("Microsoft NVMe Direct Disk v2"));
    CHECK_FALSE(is_ephemeral_model("MSFT NVMe Accelerator v1.0"));
    CHECK(is_ephemeral_model("nvme_card0"));
    CHECK_FALSE(is_ephemeral_model("nvme_card-pd"));
    CHECK_FALSE(is_ephemeral_model(""));
}

TEST_CASE("btrfs error counters are summed over their kinds") {
    CHECK(parse_btrfs_errors(
              "write_errs 3\nread_errs 11\nflush_errs 0\ncorruption_errs 5\ngeneration_errs 1\n") ==
          20);
    CHECK(parse_btrfs_errors("") == 0);
    CHECK(parse_btrfs_errors("nonsense\nwrite_errs many\n") == 0);
}

TEST_CASE("a probe that ignores SIGTERM blocks no other; no second child is started") {
    FilesystemProbes probes(hanging_probe, SIGTERM);
    const Seconds begin = monotonic_clock();
    auto answers = probes.ask({"/hangs", "/good", "/denied", "/crash"}, 1);
    CHECK(monotonic_clock() - begin < 30);
    CHECK(answers["/hangs"].kind == ProbeAnswer::Kind::silent);
    CHECK(answers["/good"].kind == ProbeAnswer::Kind::answered);
    CHECK(answers["/good"].use.size == 42);
    CHECK(answers["/denied"].error == EACCES);
    CHECK(answers["/crash"].kind == ProbeAnswer::Kind::failed);
    CHECK(probes.stuck() == 1);

    // The next call does not wait for it, and there is still one child.
    const Seconds again = monotonic_clock();
    answers = probes.ask({"/hangs"}, 60);
    CHECK(monotonic_clock() - again < 30);
    CHECK(answers["/hangs"].kind == ProbeAnswer::Kind::silent);
    CHECK(probes.stuck() == 1);
}

TEST_CASE("a mount whose child has ended is asked again") {
    FilesystemProbes probes(hanging_probe, SIGKILL);
    CHECK(probes.ask({"/hangs"}, 0.2)["/hangs"].kind == ProbeAnswer::Kind::silent);
    const Seconds begin = monotonic_clock();
    while (monotonic_clock() - begin < 20 && probes.stuck() > 0) {
        probes.ask({}, 0);
        ::usleep(10'000);
    }
    CHECK(probes.stuck() == 0);
}

TEST_CASE("the kernel signals a new mount at once") {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        // The mount needs a mount namespace of its own.
        if (::unshare(CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) ::_exit(77);
        if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) ::_exit(77);
        const Host host("/");
        KernelWatch watch(host);
        watch.follow({"/proc/self/mountinfo", "/no/such/file"});
        if (watch.wait(0.01)) ::_exit(1);
        if (::mount("none", "/tmp", "tmpfs", 0, nullptr) != 0) ::_exit(77);
        const Seconds begin = monotonic_clock();
        if (!watch.wait(60) || monotonic_clock() - begin > 30) ::_exit(2);
        if (watch.wait(0.01)) ::_exit(3);  // only one event
        ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        test::skip("no right to mount in a namespace of its own");
    else
        CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("this machine's own root filesystem") {
    FilesystemProbes probes;
    const auto answers = probes.ask({"/", "/no/such/place"}, 30);
    CHECK(answers.at("/").kind == ProbeAnswer::Kind::answered);
    struct statvfs found {};
    REQUIRE(::statvfs("/", &found) == 0);
    CHECK(answers.at("/").use.size ==
          static_cast<double>(found.f_frsize) * static_cast<double>(found.f_blocks));
    CHECK(answers.at("/").use.used_ratio() >= 0);
    CHECK(answers.at("/").use.used_ratio() <= 1);
    CHECK(answers.at("/no/such/place").error == ENOENT);
}

TEST_CASE("a filesystem that needs no backup is told as that, not as one without") {
    Config config;
    config.not_backed_up.value = {"/mnt: made anew each night", "/srv"};
    const auto ran =
        test::run_on_host(filesystems(), test::host_directory("read-only-by-error"), config);
    CHECK_FALSE(value(ran.sink, metric::filesystem_backed_up, "/mnt"));
    CHECK(value(ran.sink, metric::filesystem_backup_waived, "/mnt") == 1);
    CHECK_FALSE(value(ran.sink, metric::filesystem_backed_up, "/srv"));
    CHECK(value(ran.sink, metric::filesystem_backed_up, "/") == 0);
    CHECK_FALSE(value(ran.sink, metric::filesystem_backup_waived, "/"));
}

TEST_CASE("a filesystem of which somebody says that it is backed up elsewhere") {
    Config config;
    config.elsewhere = {{{"/"}, "ben", "tapes", 3e9}, {{"/"}, "anna", "the NAS", 4e9}};
    config.elsewhere.push_back({{"/mnt", "/srv/part"}, "ben", "tapes", 4e9});
    const auto ran =
        test::run_on_host(filesystems(), test::host_directory("read-only-by-error"), config);
    const Metric& until = metric::filesystem_elsewhere_until_timestamp_seconds;
    CHECK(value(ran.sink, until, "/") == 4e9);
    CHECK_FALSE(value(ran.sink, until, "/srv"));
    CHECK_FALSE(value(ran.sink, until, "/mnt"));  // an ephemeral disk
    CHECK(value(ran.sink, metric::filesystem_ephemeral, "/mnt") == 1);
    CHECK(value(ran.sink, metric::filesystem_backed_up, "/") == 0);
}

TEST_CASE("entries of not_backed_up") {
    CHECK(backup_waived("/scratch", {"/a", "/scratch"}) == "");
    CHECK(backup_waived("/scratch", {"/scratch: made anew"}) == "made anew");
    CHECK_FALSE(backup_waived("/scratch", {"/scratch2", "/scratch/a", "/scratch:x"}));
    CHECK_FALSE(backup_waived("/scratch", {}));
}
