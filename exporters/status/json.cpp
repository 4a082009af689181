#include "exporters/status/json.hpp"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "core/preflight.hpp"
#include "exporters/status/view.hpp"

namespace lastgood {

namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json json_of(const Reason& reason) {
    Json one = {{"health", plain_word_of(reason.health)}, {"text", reason.text}};
    if (reason.finding != nullptr) one["rule"] = reason.finding->rule;
    if (reason.related != nullptr) {
        one["from_kind"] = to_string(reason.related->kind);
        one["from"] = reason.related->id;
    }
    return one;
}

std::string_view pull_word(PreflightVerdict verdict) {
    switch (verdict) {
        case PreflightVerdict::no_go:
            return "no";
        case PreflightVerdict::cannot_tell:
        case PreflightVerdict::go:
            return "ask";
    }
    return "ask";
}

Json json_of(const Subject& subject, const Judge& judgements) {
    const Judgement judgement = judgements.of(subject);
    Json one = {{"kind", to_string(subject.kind)},
                {"subject", subject.id},
                {"name", subject.name()},
                {"health", plain_word_of(judgement.health)}};
    if (subject.kind == SubjectKind::drive)
        one["pull"] = pull_word(preflight(judgements, subject).verdict);
    if (subject.kind == SubjectKind::filesystem || subject.kind == SubjectKind::data)
        one["backup"] = judgements.cover_of(subject).word;
    if (const size_t accepted = accepted_findings(subject); accepted > 0)
        one["accepted"] = accepted;
    one["reasons"] = Json::array();
    for (const Reason& reason : judgement.reasons) one["reasons"].push_back(json_of(reason));
    return one;
}

std::string lines_of(const Json& list) {
    std::string text = "[";
    for (size_t i = 0; i < list.size(); ++i) text += (i == 0 ? "\n" : ",\n") + dump(list[i]);
    return text + "]";
}

}  // namespace

std::string json_lines(const Json& document, std::string_view before_findings) {
    std::string text = "{";
    for (const auto& [key, value] : document.items()) {
        if (key == "findings") text += before_findings;
        text += fmt::format("{}\"{}\":{}", text.size() > 1 ? ",\n" : "", key,
                            value.is_array() ? lines_of(value) : dump(value));
    }
    return text + "}\n";
}

std::string status_to_json(const Report& shown, const Judge& judgements, Health health,
                           const std::vector<const Subject*>& subjects) {
    Json list = Json::array();
    for (const Subject* subject : subjects) list.push_back(json_of(*subject, judgements));
    return json_lines(Json::parse(to_json(shown)),
                      fmt::format(",\n\"health\":{},\n\"judgements\":{}",
                                  dump(plain_word_of(health)), lines_of(list)));
}

}  // namespace lastgood
