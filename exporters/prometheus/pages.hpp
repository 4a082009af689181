// Which answer belongs to which path.
#pragma once

#include <functional>
#include <string>

#include "exporters/prometheus/http_server.hpp"

namespace lastgood {

// Answers paths from the report at `report_path`: 200, 503 for /-/healthy without a fresh report,
// or 404. `rules_page` makes the page /rules, once; if it is empty, there is none. Safe to call
// from several threads.
HttpServer::Answer make_pages(const std::string& report_path,
                              std::function<std::string()> rules_page = {});

}  // namespace lastgood
