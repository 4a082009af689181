// Tells when a filesystem is an older copy of itself: its counters are below what they were.
#include "core/metrics/witnesses.hpp"

#include <map>
#include <set>
#include <vector>

#include "collectors/collector.hpp"
#include "collectors/kernel_watch.hpp"
#include "collectors/witnesses/memory.hpp"
#include "collectors/witnesses/sources.hpp"
#include "core/bytes.hpp"
#include "core/filesystem_kind.hpp"
#include "core/mounts.hpp"

namespace lastgood {

namespace {

constexpr Seconds look_interval = 60, save_interval = 900;
// As long as it is accepted if nobody says until when (agent/commands/accept.cpp).
constexpr Seconds told_for = 90 * 86400.0;
constexpr size_t most_filesystems = 256;

std::string minute_of(Timestamp time) {
    std::string text = format_time(time);  // "2026-11-21 20:14:05 UTC"
    if (text.size() > 19) text.erase(16, 3);
    return text;
}

class Witnesses {
  public:
    Witnesses(Context& context, WitnessMemory memory)
        : context_(context), memory_(std::move(memory)) {}

    const WitnessMemory& memory() const { return memory_; }
    bool has_news() const { return news_; }

    Result<void> look() {
        news_ = false;
        const Host& host = context_.host;
        auto topology = Topology::read(host, context_.config.loop_devices);
        if (!topology) {
            if (topology.error().kind == ErrorKind::absent && host.recorded()) return {};
            return tl::unexpected(topology.error());
        }
        const std::string types = host.read("/proc/filesystems").value_or("");
        std::vector<Seen> seen;
        for (const Mount* mount : select_mounts(topology->mounts, types)) {
            if (filesystem_kind(mount->type, types) != FilesystemKind::local) continue;
            const std::string uuid = filesystem_uuid(host, *topology, *mount);
            if (uuid.empty() || seen.size() >= most_filesystems) continue;
            seen.push_back({{uuid, mount->point}, mount, sightings_of(host, *topology, *mount)});
        }
        // What was read of a device that was unmounted meanwhile may be another filesystem's.
        const auto mounts = parse_mountinfo(host.read("/proc/self/mountinfo").value_or(""));
        std::set<WitnessMemory::key_type> here;
        for (const Seen& one : seen) {
            if (!is_still_mounted(mounts, *one.mount)) continue;
            here.insert(one.key);
            look_at(*topology, one);
        }
        for (const auto& key : mounted_)
            if (!here.contains(key)) leaving_[key] = host.monotonic();
        settle(here);
        news_ = news_ || here != mounted_;
        mounted_ = std::move(here);
        return {};
    }

    // A filesystem leaves the mounts before the last of it is written: look again soon.
    bool is_leaving() const { return !leaving_.empty(); }

  private:
    struct Seen {
        WitnessMemory::key_type key;
        const Mount* mount;
        std::map<std::string, Sighting> sightings;  // by the name of the witness
    };

    void settle(const std::set<WitnessMemory::key_type>& here) {
        constexpr Seconds leaves_within = 10;
        const Host& host = context_.host;
        std::erase_if(leaving_, [&](const auto& entry) {
            const auto& [key, since] = entry;
            if (here.contains(key) || host.monotonic() - since > leaves_within) return true;
            FilesystemPast& past = memory_[key];
            if (!was_put_away(host, past.device, key.first)) return false;
            for (auto& [name, witness] : past.witnesses) witness.settle();
            news_ = true;
            return true;
        });
    }

    void look_at(const Topology& topology, const Seen& seen) {
        const Mount& mount = *seen.mount;
        FilesystemPast& past = memory_[seen.key];
        const Timestamp now = context_.host.now();
        past.seen = now;
        if (past.rolled_back && now - past.rolled_back->found > told_for) past.rolled_back.reset();
        if (now - past.doubtful_since > told_for) past.doubtful_since = 0;
        const BlockDevice* device =
            topology.device(mount.type == "btrfs" ? mount.source : mount.number);
        past.device = device == nullptr ? "" : device->name;
        for (const auto& [name, sighting] : seen.sightings) {
            WitnessPast& witness = past.witnesses[name];
            RolledBack found;
            const Course course = witness.judge(sighting, found);
            witness.note(sighting, course);
            news_ = news_ || course != Course::went_on;
            if (course == Course::went_back) {
                past.rolled_back = found;
                past.told_by = name;
            }
            if (course == Course::uncertain) past.doubtful_since = now;
            if (past.rolled_back || past.doubtful_since == 0)
                context_.sink.observe(metric::filesystem_rolled_back, mount.point,
                                      past.rolled_back ? 1 : 0, now, {{"witness", name}});
        }
        if (!past.rolled_back) return;
        const RolledBack& back = *past.rolled_back;
        context_.sink.observe(
            metric::filesystem_rolled_back_timestamp_seconds, mount.point, back.found, now,
            {{"from", minute_of(back.from)},
             {"to", back.to > 0 ? minute_of(back.to) : "before " + minute_of(back.oldest)},
             {"witness", past.told_by}});
    }

    Context& context_;
    WitnessMemory memory_;
    std::set<WitnessMemory::key_type> mounted_;
    std::map<WitnessMemory::key_type, Seconds> leaving_;  // since when
    bool news_ = false;
};

Result<void> run(Context& context) {
    const Host& host = context.host;
    const WitnessMemoryFile file(host, context.config.state_directory);
    std::optional<Error> problem;
    Witnesses witnesses(context, file.load(problem));
    KernelWatch watch(host);
    watch.follow({"/proc/self/mountinfo"});
    std::optional<Seconds> saved;
    while (true) {
        if (auto done = witnesses.look(); !done) return done;
        if (problem) context.sink.problem("", *problem);
        if (host.recorded()) {
            context.sink.commit("");
            return {};
        }
        const Seconds now = host.monotonic();
        if (!context.once && (!saved || witnesses.has_news() || now - *saved >= save_interval)) {
            saved = now;
            problem.reset();
            if (auto done = file.save(witnesses.memory()); !done) problem = done.error();
        }
        context.sink.commit("");
        if (context.once) return {};
        watch.wait(witnesses.is_leaving() ? 1 : look_interval);
    }
}

}  // namespace

extern const Collector witnesses_collector;
const Collector witnesses_collector = {
    .name = "witnesses",
    .summary = "Whether filesystems went back in time: their counters, against what they were",
    .kind = CollectorKind::stream,
    .interval = look_interval,
    .deadline = 30,
    .run = run,
};

}  // namespace lastgood
