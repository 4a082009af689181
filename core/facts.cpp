#include "core/facts.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/array_identity.hpp"
#include "core/info_metric.hpp"
#include "core/metrics/arrays.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace lastgood {

namespace {

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return to_lower(x) == to_lower(y); });
}

// "sdb1" for sdb, "nvme0n1p2" for nvme0n1: a partition is named after its drive, with a "p" if the
// drive's name ends in a digit, and a number.
bool is_partition_of(std::string_view word, std::string_view device) {
    if (device.empty() || !word.starts_with(device)) {
        return false;
    }
    std::string_view rest = word.substr(device.size());
    if (is_digit(device.back())) {
        if (!rest.starts_with('p')) {
            return false;
        }
        rest.remove_prefix(1);
    }
    return !rest.empty() && consists_of(rest, decimal_digits);
}

std::string_view without_dev(std::string_view word) {
    for (const std::string_view prefix : {"/dev/md/", "/dev/mapper/", "/dev/"}) {
        if (word.starts_with(prefix)) {
            return word.substr(prefix.size());
        }
    }
    return word;
}

// The kernel names drives sda, sdb, …, sdz, sdaa: fewer letters sort first.
std::string counting_key(std::string_view name) {
    for (const std::string_view prefix : {"sd", "vd", "xvd", "hd"}) {
        if (name.starts_with(prefix)) {
            const size_t end = std::min(
                name.find_first_not_of("abcdefghijklmnopqrstuvwxyz", prefix.size()), name.size());
            const auto letters = static_cast<char>(std::min<size_t>(end - prefix.size(), 31));
            return std::string(prefix) + letters + std::string(name.substr(prefix.size()));
        }
    }
    return std::string(name);
}

// Returns the digits at `position` without leading zeros and moves `position` past them.
std::string_view number_at(std::string_view text, size_t& position) {
    const size_t end = std::min(text.find_first_not_of(decimal_digits, position), text.size());
    std::string_view digits = text.substr(position, end - position);
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
    position = end;
    return digits;
}

}  // namespace

const Observation* Subject::first(const Metric& metric) const {
    const auto found = std::ranges::find(observations, &metric, &Observation::metric);
    return found == observations.end() ? nullptr : *found;
}

std::optional<double> Subject::value(const Metric& metric) const {
    const Observation* found = first(metric);
    return found == nullptr ? std::nullopt : std::optional(found->value);
}

std::string_view Subject::label(const Metric& metric, std::string_view key) const {
    for (const Observation* observation : observations) {
        if (observation->metric == &metric && !observation->label(key).empty()) {
            return observation->label(key);
        }
    }
    return "";
}

std::string Subject::name() const {
    const bool by_device = kind == SubjectKind::drive || kind == SubjectKind::array;
    std::string_view device = by_device ? label(*info_metric(kind), "device") : "";
    if (kind == SubjectKind::array && label(metric::array_info, "metadata") == metadata_dm_raid &&
        !label(metric::array_info, "name").empty())
        device = label(metric::array_info, "name");  // "vg/lv" says more than "dm-4"
    return harmless(device.empty() ? std::string_view(id) : device);
}

Facts::Facts(const Report& report) : host_(report.host) {
    for (const Observation& observation : report.observations) {
        at(observation.metric->subject, observation.subject).observations.push_back(&observation);
    }
    for (const Finding& finding : report.findings) {
        Subject& subject = at(finding.kind, finding.subject);
        subject.findings.push_back(&finding);
        if (finding.accepted) continue;
        subject.worst = std::max(subject.worst.value_or(finding.severity), finding.severity);
    }
    sort();
}

Subject& Facts::at(SubjectKind kind, const std::string& id) {
    Subject& subject = subjects_[{kind, id}];
    if (subject.observations.empty() && subject.findings.empty()) {
        subject.kind = kind;
        subject.id = id;
    }
    return subject;
}

void Facts::sort() {
    std::map<const Subject*, std::string> names;
    for (const auto& [key, subject] : subjects_) {
        of_kind_.at(static_cast<size_t>(key.first)).push_back(&subject);
        names[&subject] = subject.name();
    }
    for (std::vector<const Subject*>& subjects : of_kind_) {
        std::ranges::stable_sort(subjects, [&](const Subject* a, const Subject* b) {
            return natural_less(names[a], names[b]);
        });
    }
}

const std::vector<const Subject*>& Facts::of(SubjectKind kind) const {
    return of_kind_.at(static_cast<size_t>(kind));
}

const Subject* Facts::find(SubjectKind kind, std::string_view id) const {
    const auto found = subjects_.find({kind, std::string(id)});
    return found == subjects_.end() ? nullptr : &found->second;
}

std::vector<const Subject*> Facts::named(std::string_view word) const {
    if (word.empty()) {
        return {};
    }
    std::vector<const Subject*> exact, by_label, by_partition;
    const std::string_view device = without_dev(word);
    for (const auto& entry : subjects_) {
        const Subject& subject = entry.second;
        if (subject.kind == SubjectKind::host) {
            continue;
        }
        if (subject.id == word || subject.id == device) {
            exact.push_back(&subject);
            continue;
        }
        const Metric* info = info_metric(subject.kind);
        if (info == nullptr) {
            continue;
        }
        const auto is = [&](std::string_view label, std::string_view wanted) {
            return std::ranges::any_of(subject.observations, [&](const Observation* observation) {
                return observation->metric == info && !wanted.empty() &&
                       equal_ignoring_case(observation->label(label), wanted);
            });
        };
        const std::string_view own_device = without_dev(subject.label(*info, "device"));
        if (own_device == device || is("serial", word) || is("wwn", word) || is("name", device) ||
            is("name", lvm_volume_name(device)) || is("uuid", word) || is("location", word) ||
            is("path", word)) {
            by_label.push_back(&subject);
        } else if (subject.kind == SubjectKind::drive && is_partition_of(device, own_device)) {
            by_partition.push_back(&subject);
        }
    }
    for (const auto& found : {exact, by_label, by_partition})
        if (!found.empty()) return found;
    const Subject* host = word == "host" || word == host_ ? find(SubjectKind::host, "") : nullptr;
    return host ? std::vector{host} : std::vector<const Subject*>{};
}

bool natural_less(std::string_view first, std::string_view second) {
    const std::string a = counting_key(first), b = counting_key(second);
    size_t i = 0, j = 0;
    while (i < a.size() && j < b.size()) {
        if (is_digit(a[i]) && is_digit(b[j])) {
            const std::string_view x = number_at(a, i), y = number_at(b, j);
            if (x.size() != y.size()) {
                return x.size() < y.size();
            }
            if (x != y) {
                return x < y;
            }
        } else if (a[i] != b[j]) {
            // A char is signed on x86 and unsigned on ARM.
            return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[j]);
        } else {
            ++i;
            ++j;
        }
    }
    return a.size() - i < b.size() - j;
}

std::string display_names(const std::vector<const Subject*>& subjects) {
    constexpr size_t shown = 24;
    std::string names;
    for (size_t i = 0; i < std::min(subjects.size(), shown); ++i)
        names += (i == 0 ? "" : ", ") + subjects[i]->name();
    if (subjects.size() > shown) names += fmt::format(" and {} more", subjects.size() - shown);
    return names;
}

}  // namespace lastgood
