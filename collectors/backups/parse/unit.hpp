// What systemd tells of a unit: its properties, and its messages in the journal. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"

namespace lastgood {

// One line ExecStart= or ExecStopPost= of a service, and how it ended last.
struct UnitStep {
    Timestamp start = 0, end = 0;  // 0: never, or not yet
    bool exited = false;           // by itself; else a signal ended it
    int status = 0;                // exit status, or the signal
    bool ignores_failure = false;  // "-" before the command
    std::string tool;              // one of known_tools(); empty: another program
    std::string_view setting;      // "ExecStart"
};

// Times are 0 if systemd does not know them: after a reboot, and of a unit that it has unloaded.
struct UnitProperties {
    std::string load_state;  // "loaded", "not-found", "masked", "bad-setting", "error"
    std::string active_state, sub_state;
    std::string file_state;        // "enabled", "disabled", "static"; empty: there is no file
    std::string invocation;        // of the present or last start; empty: none
    std::string type;              // of a service: "oneshot", "simple"; empty: it is no service
    std::string result;            // "success", "exit-code", "signal", "timeout"
    bool remains = false;          // RemainAfterExit=
    bool hides_failures = false;   // SuccessExitStatus=, or "-" before a command
    Timestamp start = 0, end = 0;  // of the main process
    bool exited = false;
    int status = 0;
    Timestamp inactive_since = 0;
    Timestamp tried = 0;  // the last start, when its conditions were tested
    bool conditions_met = true;
    std::vector<UnitStep> steps;  // ExecStart=
    // The other commands, such as ExecStartPost=: systemd says nowhere else which of them failed.
    std::vector<UnitStep> others;
    std::vector<std::string> triggers;  // units that start it: "restic.timer"
};

// Of `properties`, an object of D-Bus properties by their names, in the forms that
// is_wanted_property() describes. What is missing or has another type is left out.
UnitProperties parse_unit_properties(const nlohmann::json& properties);

// The properties that parse_unit_properties() uses. No other leaves the reader: Environment=, for
// instance, holds secrets. Of commands only what UnitStep holds.
bool is_wanted_property(std::string_view name);

// The backup tools whose exit statuses lastgood knows: "restic". Their names are all that is read
// of a command line.
bool is_known_tool(std::string_view program);
// Whether the tool ends with this exit status when it made a copy, but could not read all of its
// source.
bool means_partly(std::string_view tool, int exit_status);

// An entry of PID 1 in the journal.
struct UnitMessage {
    std::string id = {};          // MESSAGE_ID
    std::string invocation = {};  // INVOCATION_ID
    Timestamp time = 0;
    std::string job_type = {}, job_result = {};    // "start", "done"
    std::string unit_result = {};                  // "exit-code"
    std::string exit_code = {}, exit_status = {};  // "exited", "1"
};

// MESSAGE_ID of systemd's messages about the runs of a unit.
namespace unit_message {
inline constexpr std::string_view starting = "7d4958e842da4a758f6c1cdc7b36dcc5";
inline constexpr std::string_view job_done = "39f53479d3a045ac8e11786248231fbf";
inline constexpr std::string_view start_failed = "be02cf6855d2428ba40df7e9d022f03d";
inline constexpr std::string_view stopping = "de5b426a63be47a7b6ac3eaac82e2f6f";
inline constexpr std::string_view deactivated = "7ad2d189f7e94e70a38c781354912448";
inline constexpr std::string_view failed = "d9b373ed55a64feb8242e02dbe79a49c";
inline constexpr std::string_view process_exited = "98e322203f7a4ed290d09fe03c09fe15";
inline constexpr std::string_view all[] = {starting,    job_done, start_failed,  stopping,
                                           deactivated, failed,   process_exited};
}  // namespace unit_message

// Whether systemd could have a service of this name.
bool is_service_name(std::string_view name);

}  // namespace lastgood
