// The HTTP server of `lastgood serve`: /metrics, /-/healthy and a start page. Its process has no
// privileges and reads only the report.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/config.hpp"
#include "core/report.hpp"
#include "exporters/prometheus/http_server.hpp"

namespace lastgood {

// `lastgood serve`: closes inherited descriptors, drops all privileges, listens on config.listen
// and answers until SIGTERM, SIGINT or SIGHUP. Returns the exit code: 0, or 3 with a message on
// standard error. Changes the whole process (signals, descriptors, credentials): call it from main
// only.
//
// `with_agent`: the agent started it, as a child. Then the kernel kills this process when the agent
// ends, and each 10 s it prints a line for the agent: listener_answers if it answers a request of
// its own and can read the report, else listener_fails and the reason.
int run_serve(const Config& config, bool with_agent = false,
              std::function<std::string()> rules_page = {});
inline constexpr std::string_view listener_answers = "answers";
inline constexpr std::string_view listener_fails = "fails: ";
// Once, at the start: a right that it could not give up.
inline constexpr std::string_view listener_remarks = "remarks: ";

}  // namespace lastgood
