#include "collectors/backups/parse/restic_times.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "collectors/backups/parse/name_time.hpp"
#include "core/json_value.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr Seconds one_process = 0.3;     // at most, between a backup's index and its snapshot
constexpr Seconds next_process = 0.5;    // at least, between the files of two commands
constexpr Seconds pack_window = 60;      // of the packs before a snapshot, at the first look
constexpr Seconds slack = 2;             // some filesystems have coarse times
constexpr Seconds copied_together = 10;  // a copy of a repository writes its snapshots this close
constexpr Seconds key_slack = 300;       // between a key's own time and its file's
constexpr size_t most_tried = 100;       // of the newest snapshots, at the first look
constexpr double same_size = 8;          // bytes by which the files of two backups differ

bool any_within(const std::vector<Timestamp>& times, Timestamp from, Timestamp until) {
    return std::ranges::any_of(times,
                               [&](Timestamp time) { return from <= time && time <= until; });
}

bool same_id(const ResticSnapshot& one, const ResticSnapshot& other) {
    return one.id.compare(0, restic_short_id, other.id, 0, restic_short_id) == 0;
}

// The second backup of a source names its parent, which the first had not: "parent" and 64 digits,
// compressed or not.
bool is_size_of_parent(double more) {
    return (38 <= more && more <= 52) || (72 <= more && more <= 86);
}

// Judges the snapshots that are new since `before`, or all.
class Judgement {
  public:
    Judgement(const ResticHistory* before, const ResticLook& look) : before_(before), look_(look) {}

    void apply(std::vector<ResticSnapshot>& snapshots) {
        compare(snapshots);
        if (added_.empty()) return;
        if (first_look())
            judge_first_look();
        else
            judge_change();
    }

  private:
    // Another repository in its place shares no id with the one before.
    bool first_look() const {
        return before_ == nullptr || (removed_.size() == before_->snapshots.size() &&
                                      !before_->snapshots.empty() && added_.size() > 1);
    }

    void compare(std::vector<ResticSnapshot>& snapshots) {
        std::vector<ResticSnapshot> old =
            before_ ? before_->snapshots : std::vector<ResticSnapshot>();
        std::ranges::sort(old, {}, &ResticSnapshot::id);
        std::vector<bool> still(old.size());
        for (auto& one : snapshots) {
            const std::string id = one.id.substr(0, restic_short_id);
            const auto found = std::ranges::lower_bound(old, id, {}, &ResticSnapshot::id);
            if (found == old.end() || !same_id(*found, one)) {
                added_.push_back(&one);
                continue;
            }
            still[static_cast<size_t>(found - old.begin())] = true;
            one.backup = found->backup;
            // A restored or touched file does not make a backup newer.
            if (one.backup) one.backup = std::min(*one.backup, one.modified);
            one.perhaps = found->perhaps;
            if (one.perhaps) one.perhaps = std::min(*one.perhaps, one.modified);
            one.of_backup = found->of_backup;
        }
        for (size_t i = 0; i < old.size(); ++i)
            if (!still[i]) removed_.push_back(old[i]);
        std::ranges::sort(added_, {}, &ResticSnapshot::modified);
    }

    static void accept(ResticSnapshot& one) {
        one.backup = one.modified;
        one.of_backup = true;
        one.perhaps.reset();
    }

    // The process that wrote it had just written a pack or an index.
    bool wrote_more(const ResticSnapshot& one, const std::vector<Timestamp>& packs) const {
        const Timestamp from = one.modified - one_process;
        return any_within(look_.index_times, from, one.modified) ||
               any_within(packs, from, one.modified);
    }

    // Without a look before, a backup is what wrote data and the snapshot in one process, if it
    // wrote more than a rewrite does, or a file as large as others.
    void judge_first_look() {
        for (auto* one : added_) one->perhaps = one->modified;
        if (look_.copied) return;
        std::vector<double> sizes;
        for (const auto* one : added_) sizes.push_back(one->size);
        const size_t last = added_.size() - std::min(added_.size(), most_tried);
        for (size_t i = added_.size(); i-- > last;) {
            if (!stands_alone(i) || !proves_itself(i, sizes)) continue;
            accept(*added_[i]);
            if (added_[i]->modified <= look_.latest) return;  // older ones do not matter
        }
    }

    bool stands_alone(size_t i) const {
        const auto close = [&](size_t one, size_t next) {
            return added_[next]->modified - added_[one]->modified < copied_together;
        };
        return (i == 0 || !close(i - 1, i)) && (i + 1 == added_.size() || !close(i, i + 1));
    }

    bool proves_itself(size_t i, std::vector<double> sizes) const {
        const ResticSnapshot& one = *added_[i];
        sizes.erase(sizes.begin() + static_cast<std::ptrdiff_t>(i));
        const bool usual = is_usual(one.size, sizes);
        if (usual && wrote_more(one, {})) return true;
        const auto packs = look_.packs(one.modified - pack_window, one.modified + slack);
        return wrote_more(one, packs) && (usual || packs.size() >= 2);
    }

    static bool is_usual(double size, const std::vector<double>& sizes) {
        return std::ranges::any_of(
            sizes, [&](double other) { return std::abs(size - other) <= same_size; });
    }

    void judge_change() {
        for (auto* one : added_) one->perhaps = one->modified;
        if (look_.copied) return;
        if (added_.size() == 1 && is_backup(*added_[0]))
            accept(*added_[0]);
        else if (added_.size() <= removed_.size())
            inherit();
    }

    bool is_backup(const ResticSnapshot& one) const {
        std::vector<double> proven;
        std::vector<double> all;
        for (const auto& other : before_->snapshots) {
            all.push_back(other.size);
            if (other.of_backup) proven.push_back(other.size);
        }
        const auto packs = look_.packs(before_->packs_until, one.modified + slack);
        // A prune or a repair replaces indexes, and writes packs, too.
        const bool only_added = std::ranges::includes(look_.now.indexes, before_->indexes);
        const bool data = packs.size() >= 2 && only_added;
        if (!removed_.empty()) {
            const bool in_time = one.modified + next_process <= look_.snapshots_changed;
            return (!proven.empty() && is_usual(one.size, proven)) ||
                   (data && wrote_more(one, packs)) ||
                   (removed_.size() == 1 && in_time && is_usual(one.size, all));
        }
        if (all.empty() || data) return true;
        if (all.size() == 1 && is_size_of_parent(one.size - all[0])) return true;
        return is_usual(one.size, proven.empty() ? all : proven);
    }

    // A tag or a rewrite replaces snapshots: what was in the old ones is in the new ones. If others
    // were removed, too, the oldest may be what is left.
    void inherit() {
        std::ranges::sort(removed_, {}, [](const ResticSnapshot& one) {
            return one.backup.value_or(one.modified);
        });
        const bool at_once = added_.size() == removed_.size() &&
                             look_.snapshots_changed < added_.back()->modified + next_process;
        for (size_t i = 0; i < added_.size(); ++i) {
            added_[i]->backup = removed_[i].backup;
            if (at_once) added_[i]->perhaps = removed_[i].perhaps;
        }
    }

    const ResticHistory* before_;
    const ResticLook& look_;
    std::vector<ResticSnapshot*> added_;  // oldest first
    std::vector<ResticSnapshot> removed_;
};

// A copy without times (`rsync -r`) writes data, index, keys, snapshots in this order: all keys are
// newer than all indexes and older than all snapshots. No other use of a repository does that.
bool written_in_order_of_a_copy(const ResticLook& look) {
    if (look.key_times.empty() || look.index_times.empty() || look.now.snapshots.empty())
        return false;
    const auto [first_key, last_key] = std::ranges::minmax(look.key_times);
    const Timestamp oldest =
        std::ranges::min(look.now.snapshots, {}, &ResticSnapshot::modified).modified;
    return std::ranges::max(look.index_times) < first_key && last_key < oldest;
}

}  // namespace

ResticVerdict judge_restic(const ResticHistory* before, const ResticLook& look) {
    ResticVerdict verdict;
    verdict.history = look.now;
    verdict.copied = look.copied || written_in_order_of_a_copy(look);
    ResticLook seen = look;
    seen.copied = verdict.copied;
    auto& snapshots = verdict.history.snapshots;
    if (snapshots.empty()) return verdict;
    verdict.history.packs_until = std::min(look.now.packs_until, look.latest);
    verdict.oldest = std::ranges::min(snapshots, {}, &ResticSnapshot::modified).modified;
    Judgement(before, seen).apply(snapshots);
    const bool all_ahead = *verdict.oldest > look.latest;
    Timestamp newest = *verdict.oldest;
    for (const auto& one : snapshots) {
        if (one.modified > look.latest && !all_ahead) continue;
        newest = std::max(newest, one.modified);
        if (one.backup)
            verdict.backup = std::max(verdict.backup.value_or(*one.backup), *one.backup);
        if (one.perhaps)
            verdict.perhaps = std::max(verdict.perhaps.value_or(*one.perhaps), *one.perhaps);
    }
    if (verdict.perhaps && verdict.backup && *verdict.perhaps <= *verdict.backup)
        verdict.perhaps.reset();
    if (verdict.backup != newest) verdict.activity = newest;
    return verdict;
}

bool is_copied_key(std::string_view text, Timestamp modified) {
    const auto key = parse_json(text);
    if (!key.is_object()) return false;
    const auto created = key.find("created");
    if (created == key.end() || !created->is_string()) return false;
    const auto time = find_time_in_name(created->get<std::string>());
    return time && std::abs(time->time - modified) > key_slack;
}

std::string to_text(const std::vector<ResticSnapshot>& snapshots) {
    const auto time = [](const std::optional<Timestamp>& one) {
        return one ? fmt::format("{:.6f}", *one) : std::string("-");
    };
    std::string text;
    for (const auto& one : snapshots)
        text += fmt::format("{} {:.6f} {:.0f} {} {} {}\n", one.id.substr(0, restic_short_id),
                            one.modified, one.size, time(one.backup), time(one.perhaps),
                            one.of_backup ? 'b' : '-');
    return text;
}

std::vector<ResticSnapshot> parse_restic_snapshots(std::string_view text) {
    const auto number = [](std::string_view field) {
        const auto value = parse_number<double>(field);
        return value && std::isfinite(*value) ? value : std::nullopt;
    };
    std::vector<ResticSnapshot> snapshots;
    while (!text.empty()) {
        const auto fields = split(take_line(text));
        if (fields.size() != 6 || fields[0].size() != restic_short_id) continue;
        const auto modified = number(fields[1]);
        const auto size = number(fields[2]);
        if (!modified || !size) continue;
        snapshots.push_back({std::string(fields[0]), *modified, *size, number(fields[3]),
                             number(fields[4]), fields[5] == "b"});
    }
    return snapshots;
}

bool is_restic_id(std::string_view name) {
    return name.size() == 64 && consists_of(name, "0123456789abcdef");
}

}  // namespace lastgood
