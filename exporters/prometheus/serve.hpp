// The HTTP server of `lastgood serve`: /metrics, /-/healthy and a start page. Its process has no
// privileges and reads only the report.
#pragma once

#include <functional>
#include <string>

#include "core/config.hpp"
#include "core/report.hpp"
#include "exporters/prometheus/http_server.hpp"

namespace lastgood {

// The start page: the screen of `lastgood status`, 120 columns wide. Pure.
std::string page_of(const Report& report, Timestamp now);

// Answers paths from the report at `report_path`: 200, 503 for /-/healthy without a fresh report,
// or 404. `rules_page` makes the page /rules; if it is empty, there is none. Safe to call from
// several threads.
HttpServer::Answer make_pages(const std::string& report_path,
                              std::function<std::string()> rules_page = {});

// `lastgood serve`: closes inherited descriptors, drops all privileges, listens on config.listen
// and answers until SIGTERM, SIGINT or SIGHUP. Returns the exit code: 0, or 3 with a message on
// standard error. With `end_with_parent` the kernel kills this process when the process that
// started it ends. Changes the whole process (signals, descriptors, credentials): call it from main
// only.
int run_serve(const Config& config, bool end_with_parent = false,
              std::function<std::string()> rules_page = {});

}  // namespace lastgood
