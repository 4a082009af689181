// No finding forbids what another one advises about the same subject at the same time: on recorded
// hosts, and for each two rules that can hold together, in each state that changes advice.
#include <doctest/doctest.h>

#include <map>
#include <set>

#include "core/metrics/arrays.hpp"
#include "core/text.hpp"
#include "tests/rules/build.hpp"
#include "tests/rules/cases.hpp"
#include "tests/rules/recorded.hpp"

using namespace lastgood;
using lastgood::test::observation;
using lastgood::test::ObservedHost;

namespace {

// What a step may forbid, in its words, and the words of steps that advise it.
struct Action {
    std::string_view name;
    std::vector<std::string_view> forbidden, advised;
};

const std::vector<Action>& actions() {
    static const std::vector<Action> all = {
        {"add a member",
         {"do not create, add or remove", "do not add or create", "do not add, pull",
          "do not add a member"},
         {"--add", "vgextend", "btrfs replace", "add a new drive", "add the new drive"}},
        {"add the same drive again", {"do not add it again"}, {"--re-add"}},
        {"pull a drive",
         {"do not pull", "do not add, pull"},
         {"replace it", "replace the drive", "reseat", "change its cable"}},
        {"restart the host", {"do not restart the host"}, {"restart the host", "reboot"}},
        {"create an array", {"do not create", "or create", "never use"}, {"--create", "mkfs."}},
        {"replace in place", {}, {"--replace"}},
        // Of a failed array, what its members hold may be all that is left.
        {"write to the array",
         {},
         {"sync_action", "--syncaction", "scrub", "make the copies equal"}},
    };
    return all;
}

bool has_any(std::string_view text, const std::vector<std::string_view>& words) {
    for (const std::string_view word : words)
        if (contains(text, word)) return true;
    return false;
}

bool forbids(std::string_view step) {
    return contains(step, "do not ") || step.starts_with("never ");
}

struct Advice {
    std::set<std::string_view> forbidden, advised;
};

Advice advice_of(const Finding& finding) {
    Advice advice;
    bool asked = false;  // "ask before you pull it": what follows is bound to the answer
    for (const std::string& one : finding.steps) {
        const std::string step = to_lower(one);
        CAPTURE(one);
        bool known = false;
        for (const Action& action : actions()) {
            if (forbids(step)) {
                if (!has_any(step, action.forbidden)) continue;
                known = true;
                advice.forbidden.insert(action.name);
                continue;
            }
            const bool bound =
                (action.name == "pull a drive" && (asked || step.starts_with("plan "))) ||
                (action.name == "add a member" && contains(step, "while its md array is sound"));
            if (!bound && has_any(step, action.advised)) advice.advised.insert(action.name);
        }
        if (forbids(step)) CHECK_MESSAGE(known, "no action here is what it forbids");
        asked |= contains(step, "lastgood preflight");
    }
    // What a state forbids without words.
    if (finding.rule == "array_rebuilding") advice.forbidden.insert("add a member");
    if (finding.rule == "array_failed" || finding.rule == "array_gone")
        advice.forbidden.insert("write to the array");
    if (finding.rule == "drive_failing_kicked") advice.forbidden.insert("replace in place");
    return advice;
}

// Whether two findings are about one subject, or about an array and a member of it.
bool related(const Finding& one, const Finding& other,
             const std::vector<Observation>& observations) {
    if (one.kind == other.kind) return one.subject == other.subject;
    for (const Observation& member : observations) {
        if (member.metric != &metric::array_member) continue;
        if (one.kind == SubjectKind::array && one.subject == member.subject &&
            other.kind == SubjectKind::drive && other.subject == member.label("drive"))
            return true;
    }
    return false;
}

// Checks the findings on a host; returns their number.
size_t check(const std::vector<Observation>& observations) {
    static const std::vector<Rule> rules = [] {
        std::vector<Rule> all(all_rules().begin(), all_rules().end());
        for (Rule& rule : all) rule.hold = 0;
        return all;
    }();
    RuleMemory memory;
    const auto findings = evaluate(rules, observations, 0, memory);
    std::vector<Advice> advices;
    for (const Finding& finding : findings) advices.push_back(advice_of(finding));
    for (size_t i = 0; i < findings.size(); ++i) {
        for (size_t j = 0; j < findings.size(); ++j) {
            if (!related(findings[i], findings[j], observations) &&
                !related(findings[j], findings[i], observations))
                continue;
            for (const std::string_view action : advices[i].forbidden) {
                // An array may need this for another member.
                if (action == "replace in place" && findings[i].kind != findings[j].kind) continue;
                CAPTURE(findings[i].rule);
                CAPTURE(findings[j].rule);
                CAPTURE(action);
                CHECK_FALSE(advices[j].advised.contains(action));
            }
        }
    }
    return findings.size();
}

// The observations that make the rule hold, about "the drive", "the array" and so on.
std::vector<Observation> holding(const Rule& rule) {
    auto observations = test::cases_of(rule).holding.observations;
    const auto name_of = [](SubjectKind kind) {
        return kind == SubjectKind::host ? "" : "the " + std::string(to_string(kind));
    };
    for (Observation& one : observations) {
        one.subject = name_of(one.metric->subject);
        for (auto& [key, value] : one.labels)
            if (key == to_string(rule.subject)) value = name_of(rule.subject);
    }
    return observations;
}

}  // namespace

TEST_CASE("no advice forbids other advice on recorded hosts") {
    size_t found = 0;
    for (const ObservedHost& host : test::recorded_hosts()) {
        CAPTURE(host.instance);
        found += check(host.observations);
    }
    CHECK(found > 10);
}

TEST_CASE("no advice forbids other advice of a rule that holds at the same time") {
    std::map<std::string_view, std::vector<Observation>> by_rule;
    for (const Rule& rule : all_rules())
        if (!rule.prometheus_only) by_rule[rule.name] = holding(rule);
    const std::vector<std::vector<Observation>> states = {
        {},
        {observation(metric::array_sync_progress_ratio, "the array", 0.5, {{"action", "recover"}})},
        {observation(metric::array_sync_progress_ratio, "the array", 0.5, {{"action", "resync"}})},
        {observation(metric::array_kernel_errors_recent, "the array", 1,
                     {{"kind", "uncorrected"}, {"layer", "md"}})},
        {observation(metric::array_member, "the array", 1,
                     {{"drive", "the drive"}, {"slot", "0"}, {"state", "faulty"}})},
    };
    size_t both = 0;
    for (const auto& [one, first] : by_rule) {
        for (const auto& [other, second] : by_rule) {
            for (const auto& state : states) {
                std::vector<Observation> all = first;
                all.push_back(observation(metric::array_member, "the array", 1,
                                          {{"drive", "the drive"}, {"state", "in_sync"}}));
                for (const auto* more : {&second, &state}) {
                    for (const Observation& add : *more) {
                        const bool there = std::ranges::any_of(all, [&](const auto& known) {
                            return known.metric == add.metric && known.subject == add.subject &&
                                   known.labels == add.labels;
                        });
                        if (!there) all.push_back(add);
                    }
                }
                both += check(all) >= 2 ? 1 : 0;
            }
        }
    }
    CHECK(both > 1000);
}

TEST_CASE("a contradiction would be found") {
    const auto advice = [](std::vector<std::string> steps) {
        return advice_of(
            {"r", Severity::critical, SubjectKind::array, "a", "S.", std::move(steps), 0});
    };
    CHECK(advice({"Do not add a member yet."}).forbidden.contains("add a member"));
    CHECK(advice({"Add a new drive: mdadm /dev/md0 --add /dev/NEW"})
              .advised.contains("add a member"));
    CHECK(advice({"Do not pull or power off another member."}).forbidden.contains("pull a drive"));
    CHECK(advice({"Reseat it."}).advised.contains("pull a drive"));
    CHECK_FALSE(
        advice({"Ask: lastgood preflight sdb", "Reseat it."}).advised.contains("pull a drive"));
}
