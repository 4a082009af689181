#include "collectors/probes/written.hpp"

#include <algorithm>

#include "core/bytes.hpp"
#include "core/text.hpp"
#include "core/topology.hpp"

namespace lastgood {

namespace {

constexpr Seconds settle_time = 45;

}  // namespace

std::optional<uint64_t> writes_completed(std::string_view stat) {
    const auto fields = split(stat);
    constexpr size_t column = 4;
    if (fields.size() <= column) return std::nullopt;
    return parse_number<uint64_t>(fields[column]);
}

std::optional<uint64_t> WrittenSince::writes() const {
    Topology mounts;  // nothing else of it is needed
    mounts.mounts = parse_mountinfo(host_.read("/proc/self/mountinfo", 16 * mib).value_or(""));
    const Mount* mount = mounts.mount_of(directory_);
    if (mount == nullptr) return std::nullopt;
    auto stat = host_.read("/sys/dev/block/" + mount->number + "/stat");
    if (!stat && mount->source.starts_with("/dev/"))  // btrfs has a number of its own
        if (const auto device = host_.resolve(mount->source))
            stat = host_.read("/sys/class/block/" + std::string(last_component(*device)) + "/stat");
    return stat ? writes_completed(*stat) : std::nullopt;
}

bool WrittenSince::since_last_probe() const {
    const auto now = writes();
    return !now || !last_ || *now != *last_;
}

void WrittenSince::probed(Seconds now, Seconds interval) {
    settled_at_ = now + std::min(settle_time, interval * 0.75);
}

void WrittenSince::note_own_writes(Seconds now) {
    if (!settled_at_ || now < *settled_at_) return;
    settled_at_.reset();
    last_ = writes();
}

}  // namespace lastgood
