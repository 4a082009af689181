#include "agent/supervise/batch.hpp"

#include <algorithm>
#include <string_view>

#include "core/backup_plan.hpp"

namespace lastgood {

namespace {

constexpr size_t problem_limit = 1'000;  // problems per batch
constexpr size_t subject_problem_limit = 50;

using Names = std::set<std::string, std::less<>>;

}  // namespace

void add_problem(Batch& batch, std::string subject, Error error) {
    ++batch.problem_count;
    const auto known = batch.subject_problems.find(subject);
    const size_t of_subject = known == batch.subject_problems.end() ? 0 : known->second;
    if (of_subject < subject_problem_limit && batch.problems.size() < problem_limit) {
        ++batch.subject_problems[subject];
        batch.problems.emplace_back(std::move(subject), std::move(error));
    } else if (batch.more_problems.size() < problem_limit ||
               batch.more_problems.contains(subject)) {
        ++batch.more_problems[subject];
    } else {
        ++batch.more_problems[""];
    }
}

std::set<std::string> members_read(const Batch& batch, const std::vector<std::string>& members,
                                   const Metric* answering) {
    const std::set<std::string_view> all(members.begin(), members.end());
    std::set<std::string> read;
    for (const Observation& one : batch.observations)
        if (one.metric == answering && all.contains(one.subject)) read.insert(one.subject);
    return read;
}

void keep_values_of_unread(Batch& before, Batch& now, const std::vector<std::string>& members,
                           const Metric* answering, Timestamp oldest) {
    if (members.empty()) return;
    Names unread(members.begin(), members.end());
    for (const std::string& member : members_read(now, members, answering)) unread.erase(member);
    if (unread.empty()) return;
    Names begun;
    std::set<std::pair<const Metric*, std::string>> told;
    for (const Observation& one : now.observations) {
        const auto found = unread.find(whole_of(one.subject));
        if (found == unread.end()) continue;
        begun.insert(*found);
        told.emplace(one.metric, one.subject);
    }
    for (Observation& one : before.observations) {
        const std::string_view member = whole_of(one.subject);
        if (!unread.contains(member) || told.contains({one.metric, one.subject})) continue;
        if (one.metric == answering && (begun.contains(member) || one.observed_at < oldest)) {
            if (one.subject == member) continue;
            one.value = 0;  // of a part; the agent adds it for the member itself
        }
        now.observations.push_back(std::move(one));
    }
    for (auto& [subject, error] : before.problems)
        if (const auto member = whole_of(subject);
            unread.contains(member) && !begun.contains(member))
            add_problem(now, subject, std::move(error));
}

void keep_values_of_others(Batch& before, Batch& now) {
    std::set<std::string> told;
    for (const Observation& one : now.observations) told.insert(one.subject);
    for (Observation& one : before.observations)
        if (!told.contains(one.subject)) now.observations.push_back(std::move(one));
}

}  // namespace lastgood
