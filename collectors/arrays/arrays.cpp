// The collector of arrays: prints the state of each array when the kernel reports a change.
#include "core/metrics/arrays.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "collectors/arrays/btrfs.hpp"
#include "collectors/arrays/check_memory.hpp"
#include "collectors/arrays/lvm.hpp"
#include "collectors/arrays/observations.hpp"
#include "collectors/arrays/parse/md_sysfs.hpp"
#include "collectors/arrays/parse/mdstat.hpp"
#include "collectors/arrays/rebuild.hpp"
#include "collectors/arrays/risk.hpp"
#include "collectors/collector.hpp"
#include "collectors/kernel_watch.hpp"
#include "core/array_identity.hpp"
#include "core/report.hpp"
#include "core/udev_record.hpp"

namespace lastgood {

namespace {

constexpr Seconds poll_interval = 30;
// Near the end of a check, to distinguish one that ends from one that is stopped.
constexpr Seconds poll_interval_near_end = 3;
constexpr Seconds coalescing_window = 0.05;  // changes come in bursts
constexpr size_t max_remembered = 256;
constexpr Seconds assembling = 60;  // of an array at boot: udev has not told its UUID yet

class ArraysCollector {
  public:
    explicit ArraysCollector(Context& context)
        : context_(context), watch_(context.host), memory_(checks_from_cursor(context.cursor)) {}

    Result<void> run() {
        while (true) {
            watch_.follow(watched_files());
            if (auto done = collect(); !done) return done;
            context_.sink.commit(to_cursor(memory_));
            if (context_.once || context_.host.recorded()) return {};
            if (watch_.wait(wait_)) watch_.wait(coalescing_window);
        }
    }

  private:
    // Arrays in sysfs, by name.
    std::vector<std::string> devices() const {
        std::vector<std::string> found;
        auto names = context_.host.list("/sys/block");
        if (!names) return found;
        for (const std::string& name : *names)
            if (name.starts_with("md") && context_.host.exists("/sys/block/" + name + "/md"))
                found.push_back(name);
        return found;
    }

    std::vector<std::string> watched_files() const {
        std::vector<std::string> paths = {"/proc/mdstat"};
        for (const std::string& device : devices()) {
            const std::string directory = "/sys/block/" + device + "/md";
            for (const char* name : {"array_state", "sync_action", "degraded"})
                paths.push_back(directory + "/" + name);
            auto entries = context_.host.list(directory);
            if (!entries) continue;
            for (const std::string& entry : *entries)
                if (entry.starts_with("dev-")) paths.push_back(directory + "/" + entry + "/state");
        }
        return paths;
    }

    Result<void> collect() {
        Host const& host = context_.host;
        auto text = host.read("/proc/mdstat");
        if (!text && text.error().kind != ErrorKind::absent)
            context_.sink.problem("", text.error());
        Mdstat stat = text ? parse_mdstat(*text) : Mdstat{};
        std::vector<MdArray> arrays;
        for (const std::string& device : devices()) {
            auto array = read_md_sysfs(host, device);
            if (!array) continue;  // stopped just now
            for (const MdArray& other : stat.arrays)
                if (other.device == device) complete_from_mdstat(*array, other);
            if (array->level.value == MdLevel::raid10 && !array->layout && array->problem.empty())
                array->problem = "its layout is not known";
            arrays.push_back(std::move(*array));
        }
        for (MdArray& array : stat.arrays)
            if (std::none_of(arrays.begin(), arrays.end(),
                             [&](const MdArray& known) { return known.device == array.device; }))
                arrays.push_back(std::move(array));

        // Most hosts have no array and need no topology.
        const bool btrfs =
            host.list("/sys/fs/btrfs").value_or(std::vector<std::string>{}).size() > 1;
        const bool lvm = has_lvm_arrays(host);
        std::optional<Topology> topology;
        if (!arrays.empty() || btrfs || lvm) {
            auto read = Topology::read(host, context_.config.loop_devices);
            if (read)
                topology = std::move(*read);
            else
                context_.sink.problem("", read.error());
        }
        const Topology* map = topology ? &*topology : nullptr;
        const Timestamp now = host.now();
        wait_ = poll_interval;
        std::set<std::string> ids;
        for (MdArray& array : arrays)
            if (!is_empty_array(array)) observe(array, map, now, ids);
        std::erase_if(nameless_, [&](const auto& one) {
            return std::ranges::none_of(
                arrays, [&](const MdArray& array) { return array.device == one.first; });
        });
        observe_btrfs_arrays(host, map, now, context_.sink);
        if (lvm && map != nullptr) observe_lvm_arrays(*map, now, ids);
        if (memory_.size() > max_remembered)  // forget arrays that are gone
            std::erase_if(memory_, [&](const auto& entry) { return !ids.contains(entry.first); });
        return {};
    }

    // As blkid found it on them. It tells that of metadata 0.90 in another order.
    std::string uuid_of_members(const MdArray& array) const {
        if (array.metadata == "0.90") return {};
        for (const MdMember& member : array.members) {
            const auto number =
                context_.host.read_line("/sys/class/block/" + member.device + "/dev");
            if (!number) continue;
            const UdevRecord udev = read_udev_record(context_.host, *number);
            if (udev.property("ID_FS_TYPE") != "linux_raid_member") continue;
            if (auto uuid = md_uuid_from_sysfs(udev.property("ID_FS_UUID"), false); !uuid.empty())
                return uuid;
        }
        return {};
    }

    // By hand nobody waits.
    bool may_be_assembling(const std::string& device) {
        if (context_.once || context_.host.recorded()) return false;
        const Seconds clock = context_.host.monotonic();
        return clock - nameless_.try_emplace(device, clock).first->second < assembling;
    }

    void observe(MdArray& array, const Topology* topology, Timestamp now,
                 std::set<std::string>& ids) {
        const Host& host = context_.host;
        std::string name;
        if (auto number = host.read_line("/sys/block/" + array.device + "/dev")) {
            const UdevRecord udev = read_udev_record(host, *number);
            name = udev.property("MD_NAME");
            if (array.uuid.empty()) array.uuid = udev.property("MD_UUID");
        }
        if (array.uuid.empty()) array.uuid = uuid_of_members(array);
        if (is_nameless(array) && may_be_assembling(array.device)) return;
        std::string id = array_id(array);
        if (!ids.insert(id).second) {  // two halves of one mirror, assembled separately
            id += "-" + array.device;
            ids.insert(id);
        }
        observe(array, id, name, topology, now);
    }

    void observe_lvm_arrays(const Topology& topology, Timestamp now, std::set<std::string>& ids) {
        auto arrays = read_lvm_arrays(context_.host, topology);
        if (!arrays) {
            context_.sink.problem("", arrays.error());
            return;
        }
        for (const LvmArray& one : *arrays)
            if (ids.insert(one.id).second) observe(one.array, one.id, one.name, &topology, now);
    }

    void observe(const MdArray& array, const std::string& id, const std::string& name,
                 const Topology* topology, Timestamp now) {
        observe_array(array, id, name, topology, now, context_.sink);

        CheckMemory& memory = memory_[id];
        follow_check(array, now, memory);
        follow_speed(array, now, memory);
        if (memory.checking && memory.remaining.value_or(0) < poll_interval)
            wait_ = poll_interval_near_end;
        if (!has_redundancy(array.level.value)) return;
        Sink& sink = context_.sink;
        observe_rebuild(array, id, memory.speed, topology, now, sink);
        if (mismatches_are_valid(array, memory))
            sink.observe(metric::array_mismatch_sectors, id, *array.mismatch_sectors, now);
        if (memory.checked > 0)
            sink.observe(metric::array_last_check_timestamp_seconds, id, memory.checked, now);
    }

    Context& context_;
    KernelWatch watch_;
    CheckMemories memory_;
    std::map<std::string, Seconds> nameless_;  // since when, by device
    Seconds wait_ = poll_interval;
};

Result<void> run(Context& context) {
    return ArraysCollector(context).run();
}

// An array without a known check is unchecked since it was first seen.
void derive_check_ages(const Knowledge& knowledge, Sink& sink) {
    const auto& all = knowledge.observations;
    for (const Observation& observation : all) {
        if (observation.metric != &metric::array_info) continue;
        if (!has_redundancy(parse_md_level(observation.label("level")).value)) continue;
        const std::string& array = observation.subject;
        if (value_of(all, metric::array_present, array).value_or(0) == 0) continue;
        const auto checked = value_of(all, metric::array_last_check_timestamp_seconds, array);
        const auto first_seen = knowledge.first_seen(SubjectKind::array, array);
        sink.observe(metric::array_unchecked_since_timestamp_seconds, array,
                     checked ? *checked : first_seen.value_or(knowledge.now), knowledge.now);
    }
}

void derive(const Knowledge& knowledge, Sink& sink) {
    derive_check_ages(knowledge, sink);
    derive_risks(knowledge, sink);
}

}  // namespace

extern const Collector arrays_collector;
const Collector arrays_collector = {
    .name = "arrays",
    .summary = "Arrays of md, btrfs and LVM: members, redundancy, rebuilds and checks",
    .kind = CollectorKind::stream,
    .interval = poll_interval,
    .deadline = 30,
    .run = run,
    .inventory = &metric::array_present,
    .derive = derive,
};

}  // namespace lastgood
