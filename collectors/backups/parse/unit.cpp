#include "collectors/backups/parse/unit.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/json_value.hpp"

namespace lastgood {

namespace {

using nlohmann::json;

constexpr std::string_view wanted[] = {
    "ActiveState",
    "ConditionResult",
    "ConditionTimestamp",
    "ExecMainCode",
    "ExecMainExitTimestamp",
    "ExecMainStartTimestamp",
    "ExecMainStatus",
    "ExecStart",
    "ExecStartPost",
    "ExecStartPre",
    "ExecStop",
    "ExecStopPost",
    "InactiveEnterTimestamp",
    "InvocationID",
    "LoadState",
    "RemainAfterExit",
    "Result",
    "SubState",
    "SuccessExitStatus",
    "TriggeredBy",
    "Type",
    "UnitFileState",
    "AssertResult",
};

constexpr std::string_view known_tools[] = {"borg", "borgmatic", "restic", "rsync"};

constexpr size_t most_steps = 1000;
constexpr int exited_code = 1;  // CLD_EXITED

int number_of(const json& object, const char* key) {
    const double number = number_in(object, key).value_or(0);
    return std::abs(number) < 1e6 ? static_cast<int>(number) : 0;
}

// Microseconds since 1970.
Timestamp time_of(const json& object, const char* key) {
    const double time = number_in(object, key).value_or(0) * 1e-6;
    return time > 0 && time < 1e11 ? time : 0;
}

UnitStep parse_step(const json& step, const char* setting) {
    return {.start = time_of(step, "start"),
            .end = time_of(step, "end"),
            .exited = number_of(step, "code") == exited_code,
            .status = number_of(step, "status"),
            .ignores_failure = flag_in(step, "ignores_failure"),
            .tool = is_known_tool(text_in(step, "tool")) ? text_in(step, "tool") : "",
            .setting = setting};
}

void add_steps(const json& properties, const char* setting, std::vector<UnitStep>& to) {
    const json& steps = value_in(properties, setting);
    if (!steps.is_array()) return;
    for (const json& step : steps)
        if (to.size() < most_steps) to.push_back(parse_step(step, setting));
}

}  // namespace

bool is_wanted_property(std::string_view name) {
    return std::ranges::find(wanted, name) != std::end(wanted);
}

bool is_known_tool(std::string_view program) {
    return std::ranges::find(known_tools, program) != std::end(known_tools);
}

bool means_partly(std::string_view tool, int exit_status) {
    if (tool == "restic") return exit_status == 3;
    if (tool == "borg") return exit_status == 1 || (exit_status >= 100 && exit_status <= 127);
    return tool == "rsync" && (exit_status == 23 || exit_status == 24);
}

UnitProperties parse_unit_properties(const json& properties) {
    UnitProperties unit;
    const auto text = [&](const char* key) { return text_in(properties, key); };
    unit.load_state = text("LoadState");
    unit.active_state = text("ActiveState");
    unit.sub_state = text("SubState");
    unit.file_state = text("UnitFileState");
    unit.invocation = text("InvocationID");
    unit.type = text("Type");
    unit.result = text("Result");
    unit.remains = flag_in(properties, "RemainAfterExit");
    unit.start = time_of(properties, "ExecMainStartTimestamp");
    unit.end = time_of(properties, "ExecMainExitTimestamp");
    unit.exited = number_of(properties, "ExecMainCode") == exited_code;
    unit.status = number_of(properties, "ExecMainStatus");
    unit.inactive_since = time_of(properties, "InactiveEnterTimestamp");
    unit.tried = time_of(properties, "ConditionTimestamp");
    unit.conditions_met =
        flag_in(properties, "ConditionResult", true) && flag_in(properties, "AssertResult", true);
    unit.hides_failures = flag_in(properties, "SuccessExitStatus");
    add_steps(properties, "ExecStart", unit.steps);
    for (const char* setting : {"ExecStartPre", "ExecStartPost", "ExecStop", "ExecStopPost"})
        add_steps(properties, setting, unit.others);
    for (const UnitStep& step : unit.steps) unit.hides_failures |= step.ignores_failure;
    if (const json& triggers = value_in(properties, "TriggeredBy"); triggers.is_array())
        for (const json& trigger : triggers)
            if (trigger.is_string()) unit.triggers.push_back(trigger.get<std::string>());
    return unit;
}

bool is_service_name(std::string_view name) {
    constexpr std::string_view suffix = ".service";
    constexpr std::string_view others = ":-_.\\@";
    if (!name.ends_with(suffix) || name.size() == suffix.size() || name.size() > 255) return false;
    if (name.find("@.service") != name.npos || name.starts_with('@')) return false;
    return std::ranges::all_of(name, [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               others.find(c) != others.npos;
    });
}

}  // namespace lastgood
