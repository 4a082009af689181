#include "agent/config/changes.hpp"

#include <doctest/doctest.h>

using namespace lastgood;

namespace {

using Notes = std::vector<std::string>;

ConfigChanges changes_of(const Config& read, bool runs_listener = false) {
    Config running;
    running.textfile_path = "/metrics/x.prom";
    return compare_configs(running, read, runs_listener, "systemctl restart lastgood");
}

Config same() {
    Config config;
    config.textfile_path = "/metrics/x.prom";
    return config;
}

}  // namespace

TEST_CASE("what a reload can apply needs no note") {
    Config read = same();
    read.growth_window = 5;
    read.inbox_directory = "/inbox";
    read.backups.emplace_back().name = "a";
    const auto changes = changes_of(read);
    CHECK_FALSE(changes.of_listener);
    CHECK(changes.notes.empty());
}

TEST_CASE("what a reload cannot apply is told, with the command that does") {
    Config read = same();
    read.state_directory = "/s";
    read.runtime_directory = "/r";
    CHECK(
        changes_of(read).notes ==
        Notes{"state_directory stays /var/lib/lastgood until the agent is started again: systemctl "
              "restart lastgood",
              "runtime_directory stays /run/lastgood until the agent is started again: systemctl "
              "restart lastgood"});
    read = same();
    read.textfile_path = "";
    CHECK(changes_of(read).notes ==
          Notes{"/metrics/x.prom is written no more, but node_exporter reads it while it is there: "
                "rm /metrics/x.prom"});
}

TEST_CASE("every setting of [serve] concerns the listener") {
    for (const bool listen : {true, false}) {
        Config read = same();
        if (listen)
            read.listen = ":1";
        else
            read.serve_user = "root";
        CHECK(changes_of(read, true).of_listener);
        CHECK(changes_of(read, true).notes.empty());
        CHECK(changes_of(read).notes == Notes{"[serve] has changed, which the listener reads when "
                                              "it starts: systemctl restart lastgood-exporter"});
    }
}

TEST_CASE("a reload starts the listener again if what protects it may have changed") {
    for (const bool tls : {true, false}) {
        Config both = same();
        (tls ? both.tls_certificate : both.password_file) = "/etc/lastgood/file";
        const auto compare = [&](bool runs_listener) {
            return compare_configs(both, both, runs_listener, "").of_listener;
        };
        CHECK(compare(true));
        CHECK_FALSE(compare(false));
    }
}
