#include "core/config.hpp"

#include <doctest/doctest.h>

using namespace lastgood;

TEST_CASE("the runtime directory holds the report, the lock and the forget requests") {
    CHECK(report_path(Config{}) == "/run/lastgood/report.json");
    Config config;
    config.runtime_directory = "/tmp/run";
    CHECK(report_path(config) == "/tmp/run/report.json");
    CHECK(agent_life_path(report_path(config)) == "/tmp/run/agent.alive");
    CHECK(requests_directory(config) == "/tmp/run/requests");
    CHECK(agent_life_path("saved.json") == "agent.alive");  // in the current directory
}
