// The HTTP server of `lastgood serve`: /metrics, /-/healthy and a start page. Its process has no
// privileges and reads only the report.
#pragma once

#include <functional>
#include <string>

#include "core/config.hpp"
#include "core/report.hpp"
#include "exporters/prometheus/http_server.hpp"

namespace lastgood {

// `lastgood serve`: closes inherited descriptors, drops all privileges, listens on config.listen
// and answers until SIGTERM, SIGINT or SIGHUP. Returns the exit code: 0, or 3 with a message on
// standard error. With `end_with_parent` the kernel kills this process when the process that
// started it ends. Changes the whole process (signals, descriptors, credentials): call it from main
// only.
int run_serve(const Config& config, bool end_with_parent = false,
              std::function<std::string()> rules_page = {});

}  // namespace lastgood
