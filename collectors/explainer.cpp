#include "collectors/explainer.hpp"

#include <utility>

namespace lastgood {

void EvidenceList::add(const Evidence& evidence) {
    if (first.size() < most_kept) first.push_back(evidence);
    last = evidence;
    ++count;
}

void EvidenceList::add(const EvidenceList& later) {
    if (later.count == 0) return;
    for (const Evidence& evidence : later.first)
        if (first.size() < most_kept) first.push_back(evidence);
    last = later.last;
    count += later.count;
}

void ExplainSink::seen(const Metric& metric, std::string_view subject, const Evidence& what,
                       Labels labels) {
    evidence[{&metric, std::string(subject), std::move(labels)}].add(what);
}

Observation& ExplainSink::series(const Metric& metric, std::string_view subject,
                                 const Labels& labels, Timestamp at) {
    for (Observation& one : observations) {
        if (one.metric != &metric || one.subject != subject || one.labels != labels) continue;
        one.observed_at = at;
        return one;
    }
    observe(metric, subject, 0, at, labels);
    return observations.back();
}

void ExplainSink::tell(const Metric& metric, std::string_view subject, double value, Timestamp at,
                       std::string_view line, Labels labels) {
    series(metric, subject, labels, at).value = value;
    EvidenceList& lines = evidence[{&metric, std::string(subject), std::move(labels)}];
    lines = {};
    lines.add({line, {}, {}});
}

void ExplainSink::count(const Metric& metric, std::string_view subject, Timestamp at,
                        std::string_view line, Labels labels, double more) {
    series(metric, subject, labels, at).value += more;
    seen(metric, subject, {line, {}, {}}, std::move(labels));
}

void ExplainSink::forget(const Metric& metric, std::string_view subject, const Labels& labels) {
    std::erase_if(observations, [&](const Observation& one) {
        return one.metric == &metric && one.subject == subject && one.labels == labels;
    });
    evidence.erase({&metric, std::string(subject), labels});
}

void ExplainSink::not_understood(std::string_view line) {
    if (strange_lines.size() < most_strange_lines) strange_lines.push_back(line);
    ++strange_line_count;
}

size_t json_extent(std::string_view text) {
    const size_t start = text.find_first_not_of(" \t\r\n");
    if (start == text.npos || (text[start] != '{' && text[start] != '[')) return 0;
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = start; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') ++i;
            if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            ++depth;
        } else if ((c == '}' || c == ']') && --depth == 0) {
            return i + 1;
        }
    }
    return text.size();
}

}  // namespace lastgood
