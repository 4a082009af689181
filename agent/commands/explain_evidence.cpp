#include "agent/commands/explain_evidence.hpp"

#include <algorithm>
#include <set>

#include "core/text.hpp"
#include "core/utf8.hpp"
#include "rules/rule.hpp"

namespace lastgood {

namespace {

const Rule* rule_named(std::string_view name) {
    const auto rules = all_rules();
    const auto found = std::ranges::find(rules, name, &Rule::name);
    return found == rules.end() ? nullptr : &*found;
}

bool selects(const Operand& operand, const Metric& metric, const Labels& labels) {
    if (operand.metric != &metric && metric.recent != operand.metric) return false;
    if (operand.label.empty()) return true;
    std::string_view value;
    for (const auto& [key, text] : labels)
        if (key == operand.label) value = text;
    return contains(operand.values, value) != operand.except;
}

// Whether a series is about the finding's subject: by its subject or, for a rule about another kind
// of subject, by a label.
bool is_about(const Finding& finding, const Metric& metric, std::string_view subject,
              const Labels& labels) {
    if (metric.subject == finding.kind) return subject == finding.subject;
    return std::ranges::any_of(labels, [&](const auto& label) {
        return label.first == to_string(finding.kind) && label.second == finding.subject;
    });
}

// Adds what the list does not have yet: one line may show several facts.
void merge(const EvidenceList& found, EvidenceList& list) {
    const auto known = [&](const Evidence& evidence) {
        return list.count > 0 && (list.last.line.data() == evidence.line.data() ||
                                  std::ranges::any_of(list.first, [&](const Evidence& other) {
                                      return other.line.data() == evidence.line.data();
                                  }));
    };
    for (const Evidence& evidence : found.first)
        if (!known(evidence)) list.add(evidence);
    if (found.count <= found.first.size() || known(found.last)) return;
    list.add(found.last);
    list.count += found.count - found.first.size() - 1;
}

// Adds the lines of the section with the first of the words that occurs in it.
void add_lines_with(const std::vector<std::string_view>& words, std::string_view section,
                    EvidenceList& list) {
    for (const std::string_view word : words) {
        size_t at = section.find(word);
        if (at == section.npos) continue;
        while (at != section.npos) {
            const size_t before = section.substr(0, at).rfind('\n');
            const size_t begin = before == section.npos ? 0 : before + 1;
            const std::string_view line = section.substr(begin, section.substr(begin).find('\n'));
            list.add({line, {}, {}});
            at = section.find(word, begin + line.size());
        }
        return;
    }
}

// By the words that the section's explainer gives for the metric.
void find_by_words(const ExplainedSection& section, const Operand& operand, const Finding& finding,
                   EvidenceList& list) {
    if (section.explainer->words == nullptr) return;
    const bool told =
        std::ranges::any_of(section.sink.observations, [&](const Observation& observation) {
            return selects(operand, *observation.metric, observation.labels) &&
                   is_about(finding, *observation.metric, observation.subject, observation.labels);
        });
    if (!told) return;
    for (const EvidenceWords& words : section.explainer->words()) {
        if (words.metric != operand.metric && words.metric->recent != operand.metric) continue;
        add_lines_with(words.words, section.text, list);
    }
}

// Evidence is kept under the total count, rules are about the recent one.
std::vector<const Metric*> metrics_of(const Operand& operand) {
    std::vector<const Metric*> metrics = {operand.metric};
    for (const Metric* metric : all_metrics())
        if (metric->recent == operand.metric) metrics.push_back(metric);
    return metrics;
}

// By what the section's explainer has noted; false if it has noted nothing.
bool find_noted(const ExplainedSection& section, const Operand& operand, const Finding& finding,
                EvidenceList& list) {
    bool seen = false;
    for (const Metric* metric : metrics_of(operand)) {
        const bool same_kind = metric->subject == finding.kind;
        ExplainSink::Key first{metric, same_kind ? finding.subject : std::string(), {}};
        for (auto at = section.sink.evidence.lower_bound(first);
             at != section.sink.evidence.end() && at->first.metric == metric; ++at) {
            const auto& [key, found] = *at;
            if (same_kind && key.subject != finding.subject) break;
            if (!selects(operand, *key.metric, key.labels) ||
                !is_about(finding, *key.metric, key.subject, key.labels))
                continue;
            seen = true;
            merge(found, list);
        }
    }
    return seen;
}

EvidenceList evidence_of(const Finding& finding, const std::vector<ExplainedSection>& sections) {
    EvidenceList list;
    const Rule* const rule = rule_named(finding.rule);
    if (rule == nullptr) return list;
    std::set<const Metric*> searched;
    for (const Condition& condition : rule->all_of) {
        if (condition.unless || condition.left.metric == nullptr) continue;
        if (!searched.insert(condition.left.metric).second) continue;
        for (const ExplainedSection& section : sections)
            if (!find_noted(section, condition.left, finding, list))
                find_by_words(section, condition.left, finding, list);
    }
    return list;
}

// Only lines that lie in the text have a number.
std::vector<Evidence> kept(const EvidenceList& list, std::string_view text) {
    std::vector<Evidence> lines = list.first;
    if (list.count > lines.size()) lines.push_back(list.last);
    std::erase_if(lines, [&](const Evidence& evidence) {
        return evidence.line.data() < text.data() ||
               evidence.line.data() >= text.data() + text.size();
    });
    std::ranges::sort(lines, {}, [](const Evidence& evidence) { return evidence.line.data(); });
    return lines;
}

ShownLine shown(const Evidence& evidence, uint64_t number) {
    ShownLine line{number, {}, evidence.sector, evidence.time};
    line.text = trim_end(evidence.line.substr(0, ShownLine::longest), "\r\n");
    return line;
}

}  // namespace

void add_evidence(std::string_view text, std::span<const SplitText::Mark> marks,
                  const std::vector<ExplainedSection>& sections, Explanation& explanation) {
    std::vector<std::vector<Evidence>> lines;  // of each finding, then the strange ones
    for (const Finding& finding : explanation.report.findings) {
        // The findings are sorted, worst first; a hostile text can have any number.
        constexpr size_t most_findings = 500;
        const bool search = explanation.evidence.size() < most_findings;
        const EvidenceList list = search ? evidence_of(finding, sections) : EvidenceList();
        explanation.evidence.push_back({{}, list.count});
        lines.push_back(kept(list, text));
    }
    std::vector<Evidence>& strange = lines.emplace_back();
    std::vector<std::string_view> places;
    for (const ExplainedSection& section : sections) {
        for (const std::string_view line : section.sink.strange_lines)
            if (strange.size() < ExplainSink::most_strange_lines) strange.push_back({line, {}, {}});
        explanation.strange_line_count += section.sink.strange_line_count;
        places.push_back(section.text);
        const std::string_view whole = trim_end(section.text);
        places.push_back(section.text.substr(whole.empty() ? 0 : whole.size() - 1));
    }
    for (const auto& list : lines)
        for (const Evidence& evidence : list) places.push_back(evidence.line);

    const std::vector<uint64_t> numbers = line_numbers(text, places, marks);
    auto number = numbers.begin();
    for (ExplainedPart& part : explanation.parts) {
        part.first_line = *number++;
        part.last_line = *number++;
    }
    for (size_t i = 0; i < lines.size(); ++i)
        for (const Evidence& evidence : lines[i])
            (i < explanation.evidence.size() ? explanation.evidence[i].lines
                                             : explanation.strange_lines)
                .push_back(shown(evidence, *number++));
}

}  // namespace lastgood
