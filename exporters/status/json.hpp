// `lastgood status --json`: the report, and the judgement that the screens show. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/judgement.hpp"

namespace lastgood {

// Prints a document of to_json(Report) with further members, one entry of a list a line.
// `before_findings` are members as text: ",\n\"health\":\"fine\"".
std::string json_lines(const nlohmann::ordered_json& document, std::string_view before_findings);

// `shown` is the part of the report to print; `health` and the judgements of these subjects are of
// the whole report.
std::string status_to_json(const Report& shown, const Judge& judgements, Health health,
                           const std::vector<const Subject*>& subjects);

}  // namespace lastgood
