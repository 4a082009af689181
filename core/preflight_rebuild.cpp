#include "core/preflight_rebuild.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "core/metrics/array_risk.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/latency.hpp"
#include "core/utf8.hpp"

namespace lastgood {

namespace {

constexpr double age_tolerance = 0.1;

// The largest unit alone: nobody knows it better.
std::string about(Seconds duration) {
    constexpr Seconds minute = 60, hour = 3600, day = 86400;
    if (duration < 2 * minute) return "about 1 min";
    if (duration < 2 * hour) return fmt::format("about {:.0f} min", duration / minute);
    if (duration < 3 * day) return fmt::format("about {:.0f} h", duration / hour);
    return fmt::format("about {:.0f} days", duration / day);
}

}  // namespace

std::string rebuild_time(const Subject& array) {
    const auto bytes = array.value(metric::array_rebuild_bytes);
    const Observation* speed = array.first(metric::array_rebuild_bytes_per_second);
    if (!bytes || speed == nullptr || !(*bytes > 0) || !(speed->value > 0)) return {};
    const double megabytes = speed->value / 1e6;
    return fmt::format("{} at {:.{}f} MB/s{}", about(*bytes / speed->value), megabytes,
                       megabytes < 10 ? 1 : 0,
                       speed->label("basis") == "measured" ? "" : ", as is usual for such drives");
}

std::optional<Timestamp> last_read_through(const Subject& array, const Subject& drive,
                                           Timestamp now) {
    std::optional<Timestamp> last = array.value(metric::array_last_check_timestamp_seconds);
    if (drive.value(metric::drive_self_test_failed) != 0.0) return last;
    for (const Observation* one : drive.observations)
        if (one->metric == &metric::drive_self_test_age_seconds &&
            one->label("type") == "extended" && one->value >= 0)
            last = std::max(last.value_or(0), now - one->value);
    return last;
}

std::string read_through_text(const Subject& array, const Subject& drive, Timestamp now) {
    constexpr Seconds day = 86400;
    if (const auto last = last_read_through(array, drive, now))
        return fmt::format("was last read through {} ago",
                           format_duration(std::max(now - *last, 0.0)));
    const auto since = array.value(metric::array_unchecked_since_timestamp_seconds);
    if (since && now - *since >= day)
        return fmt::format("has not been read through in the {} since lastgood knows {}",
                           format_duration(now - *since), array.name());
    return "was never read through as far as lastgood knows";
}

bool is_unread(const Subject& array, const Subject& drive, Timestamp now) {
    auto last = last_read_through(array, drive, now);
    if (!last) last = array.value(metric::array_unchecked_since_timestamp_seconds);
    return last && now - *last > unread_limit;
}

bool is_partner(const Subject& array, const Subject& drive, const Membership& other) {
    bool told = false;
    for (const Observation* one : array.observations) {
        if (one->metric != &metric::array_member_partner || one->label("drive") != drive.id)
            continue;
        told = true;
        if (one->label("partner") == other.member->label("device")) return true;
    }
    return !told;
}

bool has_partners(const Subject& array) {
    return array.first(metric::array_member_partner) != nullptr ||
           array.value(metric::array_members) == 2.0;
}

std::string slowness_of(const Subject& drive) {
    for (const Observation* one : drive.observations)
        if (one->metric == &metric::drive_slow_ratio && one->label("pace") == "slow")
            return fmt::format("takes {:.0f} times as long for a {} as {}", one->value,
                               harmless(one->label("operation")), harmless(one->label("against")));
    return {};
}

bool are_of_one_age(double a, double b) {
    return a > 0 && b > 0 && std::abs(a - b) <= age_tolerance * std::max(a, b);
}

bool are_alike(const Subject& a, const Subject& b) {
    for (const char* key : {"model", "firmware"}) {
        const std::string_view value = a.label(metric::drive_info, key);
        if (value.empty() || value != b.label(metric::drive_info, key)) return false;
    }
    const auto first = a.value(metric::drive_power_on_seconds);
    const auto second = b.value(metric::drive_power_on_seconds);
    return first && second && are_of_one_age(*first, *second);
}

}  // namespace lastgood
