// Reports mounted filesystems: how full they are, whether they are writable, their drives, and
// whether a backup covers them.
#include "core/metrics/filesystems.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "collectors/collector.hpp"
#include "collectors/filesystems/facts.hpp"
#include "collectors/filesystems/fill_forecast.hpp"
#include "collectors/filesystems/past_memory.hpp"
#include "collectors/filesystems/probe.hpp"
#include "collectors/kernel_watch.hpp"
#include "core/backup_need.hpp"
#include "core/bytes.hpp"
#include "core/elsewhere.hpp"
#include "core/ephemeral.hpp"
#include "core/filesystem_kind.hpp"
#include "core/kernel_number.hpp"
#include "core/mounts.hpp"
#include "core/text.hpp"
#include "core/topology.hpp"
#include "core/udev_record.hpp"

namespace lastgood {

namespace {

constexpr Seconds tick = 60;
constexpr Seconds probe_deadline = 5;
constexpr Seconds look_at_mounts = 5;
constexpr size_t most_filesystems = 1024;
constexpr Seconds between_saves = 3600;

struct Known {
    ProbeAnswer answer{};
    bool asked = false;
    FillForecast forecast{};
    FilesystemUse use{};  // the last answer, of answered_at
    Timestamp answered_at = 0;
    Timestamp mounted_after = 0;  // not yet mounted at that time
};

// A recorded host answers from ROOT/statfs/POINT ('/' written as '_'): block size, blocks, free,
// available, files, free files.
ProbeAnswer recorded_answer(const Host& host, std::string point) {
    std::replace(point.begin(), point.end(), '/', '_');
    if (point.size() > 1) point.erase(0, 1);
    auto text = host.read("/statfs/" + point);
    if (!text) return {ProbeAnswer::Kind::failed, {}, ENOENT};
    if (text->starts_with("hangs")) return {ProbeAnswer::Kind::silent, {}, 0};
    double numbers[6] = {};
    std::string_view rest = *text;
    for (double& number : numbers) {
        rest = trim_start(rest);
        const auto found = take_kernel_number(rest);
        if (!found) return {ProbeAnswer::Kind::failed, {}, EINVAL};
        number = *found;
    }
    ProbeAnswer answer{ProbeAnswer::Kind::answered, {}, 0};
    answer.use = {numbers[0] * numbers[1],
                  numbers[0] * numbers[2],
                  numbers[0] * numbers[3],
                  numbers[4],
                  numbers[5],
                  false};
    return answer;
}

class FilesystemsCollector {
  public:
    explicit FilesystemsCollector(Context& context)
        : context_(context),
          watch_(context.host),
          memory_(context.host, context.config.state_directory),
          past_(memory_.load()) {}

    Result<void> run() {
        const Host& host = context_.host;
        Seconds asked = 0;
        while (true) {
            if (auto done = look(); !done) return done;
            const Seconds now = host.monotonic();
            const bool something_new =
                std::any_of(mounts_.begin(), mounts_.end(),
                            [&](const Mount* mount) { return !known_[mount->point].asked; });
            if (asked == 0 || now - asked >= tick || something_new) {
                // Print the known values before asking, which may take some seconds.
                if (asked > 0 && something_new) print();
                ask();
                asked = now;
            }
            print();
            if (context_.once || host.recorded()) return {};
            wait(asked + tick);
        }
    }

  private:
    Result<void> look() {
        const Host& host = context_.host;
        watch_.follow(watched_);
        auto text = host.read("/proc/self/mountinfo", 16 * mib);
        if (!text) {
            if (text.error().kind == ErrorKind::absent && host.recorded()) return {};
            return tl::unexpected(text.error());
        }
        mountinfo_ = std::move(*text);
        auto topology = Topology::read(host, context_.config.loop_devices);
        if (!topology) return tl::unexpected(topology.error());
        topology_ = std::move(*topology);
        fstab_ = read_fstab(host, topology_);
        types_ = host.read("/proc/filesystems").value_or("");
        mounts_ = select_mounts(topology_.mounts, types_);
        if (mounts_.size() > most_filesystems) {
            context_.sink.problem(
                "", {ErrorKind::failed,
                     fmt::format("{} filesystems are mounted; only the first {} are watched",
                                 mounts_.size(), most_filesystems)});
            mounts_.resize(most_filesystems);
        }
        std::erase_if(known_, [&](const auto& entry) {
            return std::none_of(mounts_.begin(), mounts_.end(),
                                [&](const Mount* mount) { return mount->point == entry.first; });
        });
        // A mount that is new now was mounted after the last check.
        for (const Mount* mount : mounts_)
            if (!known_.contains(mount->point)) known_[mount->point] = known_anew(mount->point);
        looked_at_ = host.now();
        ephemeral_drives_ = ephemeral_drives(host, topology_);
        covered_ = covered_paths(host, topology_, context_.config.backups);
        declared_ = declared_paths(host, topology_, context_.config.elsewhere);
        // The kernel signals new mounts here, and ext4 errors that do not stop the filesystem
        // (fs/ext4/super.c, flush_stashed_error_work).
        watched_ = {"/proc/self/mountinfo"};
        for (const Mount* mount : mounts_)
            if (const std::string path = ext4_directory(*mount); !path.empty())
                watched_.push_back(path + "/errors_count");
        watch_.follow(watched_);
        return {};
    }

    Known known_anew(const std::string& point) const {
        Known known;
        known.mounted_after = looked_at_;
        if (const auto past = past_.find(point); past != past_.end())
            known.forecast.restore(past->second.past, past->second.size);
        return known;
    }

    // Only of those whose forecast may become a finding.
    void remember(Timestamp now) {
        if (saved_at_ != 0 && now >= saved_at_ && now - saved_at_ < between_saves) return;
        if (saved_at_ != 0 && !context_.once) {
            std::erase_if(past_, [&](const auto& one) { return !known_.contains(one.first); });
            for (const auto& [point, known] : known_)
                if (known.use.size > 0 && known.use.used_ratio() >= 0.5)
                    past_[point] = {known.forecast.past(), known.forecast.size()};
            if (auto saved = memory_.save(past_); !saved) context_.sink.problem("", saved.error());
        }
        saved_at_ = now;
    }

    void ask() {
        const Host& host = context_.host;
        std::map<std::string, ProbeAnswer> answers;
        if (host.recorded()) {
            for (const Mount* mount : mounts_)
                answers[mount->point] = recorded_answer(host, mount->point);
        } else {
            std::vector<std::string> points;
            for (const Mount* mount : mounts_) points.push_back(mount->point);
            answers = probes_.ask(points, probe_deadline);
        }
        const Timestamp now = host.now();
        for (const auto& [point, answer] : answers) {
            Known& known = known_[point];
            known.asked = true;
            known.answer = answer;
            if (answer.kind != ProbeAnswer::Kind::answered) continue;
            known.use = answer.use;
            known.answered_at = now;
            known.forecast.add(now, answer.use.used(), answer.use.size,
                               context_.config.fill_window);
        }
        remember(now);
    }

    // The kernel signals no event when a superblock turns read-only, so this also reads the mount
    // table every 5 s.
    void wait(Seconds until) {
        const Host& host = context_.host;
        while (true) {
            const Seconds left = until - host.monotonic();
            if (left <= 0) return;
            if (watch_.wait(std::min(left, look_at_mounts))) {
                ::usleep(50'000);  // ext4 counts the error first and turns read-only after that
                return;
            }
            auto text = host.read("/proc/self/mountinfo", 16 * mib);
            if (!text || *text != mountinfo_) return;
        }
    }

    std::string ext4_directory(const Mount& mount) const {
        if (!mount.type.starts_with("ext")) return {};
        const BlockDevice* device = topology_.device(mount.number);
        return device == nullptr ? std::string() : "/sys/fs/ext4/" + device->name;
    }

    void print() {
        for (const Mount* mount : mounts_) observe(*mount);
        context_.sink.commit("");
    }

    void observe(const Mount& mount) {
        Sink& sink = context_.sink;
        const std::string& id = mount.point;
        const Timestamp now = context_.host.now();
        const bool local = filesystem_kind(mount.type, types_) == FilesystemKind::local;
        const BlockDevice* device = topology_.device(mount.number);
        const UdevRecord udev =
            device != nullptr ? read_udev_record(context_.host, device->number) : UdevRecord();
        sink.observe(
            metric::filesystem_info, id, 1, now,
            {{"device", std::string(device != nullptr ? device->name
                                                      : without_prefix(mount.source, "/dev/"))},
             {"fstype", mount.type},
             {"uuid", udev.property("ID_FS_UUID")}});
        const auto drives = topology_.drives_under_mount(mount);
        for (const std::string& drive : drives)
            sink.observe(metric::filesystem_drive, id, 1, now, {{"drive", drive}});

        const bool emergency = std::any_of(
            mount.super_options.begin(), mount.super_options.end(),
            [](const std::string& o) { return o == "emergency_ro" || o == "shutdown"; });
        const bool intended = read_only_intended(mount, fstab_);
        const bool read_only = mount.read_only || emergency || is_stopped_by_error(mount);
        sink.observe(metric::filesystem_read_only, id, read_only ? 1 : 0, now);
        sink.observe(metric::filesystem_read_only_intended, id, intended ? 1 : 0, now);
        observe_use(mount, now);
        observe_errors(mount, now);
        if (!local) return;
        const bool ephemeral =
            says_that_it_is_lost(mount) ||
            std::any_of(drives.begin(), drives.end(), [&](const std::string& drive) {
                return ephemeral_drives_.contains(drive);
            });
        sink.observe(metric::filesystem_ephemeral, id, ephemeral ? 1 : 0, now);
        const bool written_to = !(mount.read_only && intended);
        if (written_to && !is_boot_filesystem(mount) &&
            !is_for_backups(mount, topology_, context_.config.backups, covered_))
            observe_backups(mount, ephemeral, now);
    }

    // Or one that it lies on by a loop device.
    bool says_that_it_is_lost(const Mount& mount) const {
        const auto below = topology_.foundation_of(mount).mounts;
        return std::ranges::any_of(mounts_, [&](const Mount* one) {
            const auto known = known_.find(one->point);
            return known != known_.end() && known->second.use.loss_warned &&
                   std::ranges::find(below, one->number, &Mount::number) != below.end();
        });
    }

    void observe_backups(const Mount& mount, bool ephemeral, Timestamp now) {
        Sink& sink = context_.sink;
        const std::string& id = mount.point;
        const auto backups = backups_of(mount, ephemeral, covered_);
        const auto waived = backup_waived(id, context_.config.not_backed_up);
        if (waived)
            sink.observe(metric::filesystem_backup_waived, id, 1, now, {{"reason", *waived}});
        if (!waived || !backups.empty())
            sink.observe(metric::filesystem_backed_up, id, backups.empty() ? 0 : 1, now);
        for (const CoveringBackup& one : backups)
            sink.observe(metric::filesystem_backup, id, 1, now,
                         {{"backup", one.backup->name}, {"part", one.part}});
        if (const auto* declaration = declaration_of(mount, ephemeral, declared_))
            sink.observe(metric::filesystem_elsewhere_until_timestamp_seconds, id,
                         declaration->until, now,
                         {{"owner", declaration->owner}, {"reason", declaration->reason}});
    }

    void observe_use(const Mount& mount, Timestamp now) {
        Sink& sink = context_.sink;
        const std::string& id = mount.point;
        const Known& known = known_[id];
        if (!known.asked) return;
        sink.observe(metric::filesystem_responding, id,
                     known.answer.kind == ProbeAnswer::Kind::silent ? 0 : 1, now);
        if (known.answer.kind == ProbeAnswer::Kind::failed && known.answer.error != ENOENT)
            sink.problem(id, {known.answer.error == EACCES ? ErrorKind::denied : ErrorKind::failed,
                              fmt::format("{}: statvfs: {}", id, errno_text(known.answer.error))});
        if (known.answer.kind != ProbeAnswer::Kind::answered || known.use.size <= 0) return;
        const FilesystemUse& use = known.use;
        const Timestamp at = known.answered_at;
        sink.observe(metric::filesystem_size_bytes, id, use.size, at);
        sink.observe(metric::filesystem_available_bytes, id, use.available, at);
        sink.observe(metric::filesystem_used_ratio, id, use.used_ratio(), at);
        if (use.files > 0)
            sink.observe(metric::filesystem_inodes_used_ratio, id,
                         std::clamp(1 - use.files_free / use.files, 0.0, 1.0), at);
        if (mount.read_only) return;
        if (auto full = known.forecast.full_at(at, use.available))
            sink.observe(metric::filesystem_full_at_timestamp_seconds, id, *full, at);
    }

    // Since Linux 6.12, and in later stable kernels of older series (seen with Debian 12's
    // 6.1.0-50), ext4 refuses writes after an error but still shows "rw"; since 6.15 it shows
    // "emergency_ro". With errors=remount-ro every counted error does this, except errors from
    // before the mount.
    bool is_stopped_by_error(const Mount& mount) {
        const Host& host = context_.host;
        const std::string directory = ext4_directory(mount);
        if (directory.empty() || host.read_number(directory + "/errors_count").value_or(0) <= 0)
            return false;
        const std::string options =
            host.read(fmt::format("/proc/fs/ext4/{}/options", last_component(directory)))
                .value_or("");
        if (("\n" + options).find("\nerrors=remount-ro\n") == std::string::npos) return false;
        const Timestamp last = host.read_number(directory + "/last_error_time").value_or(0);
        return last >= std::floor(std::max(host.boot_time(), known_[mount.point].mounted_after));
    }

    void observe_errors(const Mount& mount, Timestamp now) {
        const Host& host = context_.host;
        Sink& sink = context_.sink;
        if (const std::string directory = ext4_directory(mount); !directory.empty()) {
            auto count = host.read_number(directory + "/errors_count");
            if (!count) return;
            sink.observe(metric::filesystem_kernel_errors_total, mount.point, *count, now);
            auto last = host.read_number(directory + "/last_error_time");
            if (*count > 0 && last && *last > 0)
                sink.observe(metric::filesystem_last_error_timestamp_seconds, mount.point, *last,
                             now);
        } else if (mount.type == "btrfs") {
            if (auto sum = btrfs_errors(mount))
                sink.observe(metric::filesystem_kernel_errors_total, mount.point, *sum, now);
        }
    }

    // From /sys/fs/btrfs/UUID/devinfo/N/error_stats, since Linux 5.14.
    std::optional<double> btrfs_errors(const Mount& mount) const {
        const Host& host = context_.host;
        const BlockDevice* source = topology_.device(mount.source);
        auto filesystems = host.list("/sys/fs/btrfs");
        if (source == nullptr || !filesystems) return std::nullopt;
        for (const std::string& uuid : *filesystems) {
            const std::string directory = "/sys/fs/btrfs/" + uuid;
            auto devices = host.list(directory + "/devices");
            if (!devices || !contains(*devices, source->name)) continue;
            std::optional<double> sum;
            if (auto numbers = host.list(directory + "/devinfo"))
                for (const std::string& number : *numbers)
                    if (auto text =
                            host.read(fmt::format("{}/devinfo/{}/error_stats", directory, number)))
                        sum = sum.value_or(0) + parse_btrfs_errors(*text);
            return sum;
        }
        return std::nullopt;
    }

    Context& context_;
    KernelWatch watch_;
    PastMemory memory_;
    PastByPoint past_;  // as it was saved
    Timestamp saved_at_ = 0;
    FilesystemProbes probes_;
    Topology topology_;
    std::vector<FstabEntry> fstab_;
    std::string types_;
    std::string mountinfo_;
    std::vector<const Mount*> mounts_;  // point into topology_
    std::map<std::string, Known> known_;
    Timestamp looked_at_ = 0;
    std::set<std::string> ephemeral_drives_;
    std::vector<CoveredPath> covered_;    // points into topology_ and the configuration
    std::vector<DeclaredPath> declared_;  // likewise
    std::vector<std::string> watched_;
};

Result<void> run(Context& context) {
    return FilesystemsCollector(context).run();
}

}  // namespace

extern const Collector filesystems_collector;
const Collector filesystems_collector = {
    .name = "filesystems",
    .summary = "Mounted filesystems: space, errors, read-only, drives, backup cover",
    .kind = CollectorKind::stream,
    .interval = tick,
    .deadline = 60,
    .run = run,
};

}  // namespace lastgood
