#include <doctest/doctest.h>

#include "core/metrics/data.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/metrics/host.hpp"
#include "tests/rules/build.hpp"

using namespace lastgood;
using namespace lastgood::test;

namespace {

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("data without a backup is told once: by itself, or by its filesystem") {
    const auto data = [](double backed_up, double told) {
        return found({observation(metric::data_size_bytes, "d", 41),
                      observation(metric::data_backed_up, "d", backed_up),
                      observation(metric::data_told_by_filesystem, "d", told)});
    };
    CHECK(data(0, 0) == Names{"data_not_backed_up d"});
    CHECK(data(0, 1) == Names{});
    CHECK(data(1, 0) == Names{});
}

TEST_CASE("data of which backups have a part only: what is precious must be whole") {
    const auto data = [](double partly, double precious) {
        return found({observation(metric::data_size_bytes, "d", 41),
                      observation(metric::data_backed_up, "d", 1),
                      observation(metric::data_partly_backed_up, "d", partly),
                      observation(metric::data_precious, "d", precious)});
    };
    CHECK(data(1, 1) == Names{"precious_partly_backed_up d"});
    CHECK(data(1, 0) == Names{"data_partly_backed_up d"});
    CHECK(data(0, 1) == Names{});
}

TEST_CASE("data on a temporary disk, moved data and dropped data are told once each") {
    const auto data = [](double ephemeral, std::vector<Observation> more) {
        more.push_back(observation(metric::data_size_bytes, "d", 41));
        more.push_back(observation(metric::data_backed_up, "d", 0));
        more.push_back(observation(metric::data_ephemeral, "d", ephemeral));
        return found(more);
    };
    const auto moved = observation(metric::data_moved_timestamp_seconds, "d", table_time - 60,
                                   {{"backup", "db8"}, {"to", "/mnt/resource/d"}});
    const auto dropped = observation(metric::data_dropped_timestamp_seconds, "d", table_time - 60,
                                     {{"backup", "db8"}});
    CHECK(data(1, {}) == Names{"data_on_temporary_disk d"});
    CHECK(data(0, {moved}) == Names{"data_moved d"});
    CHECK(data(1, {moved}) == Names{"data_moved d"});
    CHECK(data(0, {dropped}) == Names{"data_dropped d"});
    CHECK(found({moved}) == Names{"data_moved d"});
    CHECK(found({observation(metric::data_paused_until_timestamp_seconds, "d", table_time + 60)}) ==
          Names{"data_backups_paused d"});
}

TEST_CASE("data that the configuration names, and that is not there") {
    CHECK(found({observation(metric::data_missing, "d", 1)}) == Names{"data_missing d"});
    CHECK(found({observation(metric::data_link, "d", 1, {{"target", "/"}})}) ==
          Names{"declared_link d"});
}

TEST_CASE("the end of a word that data is backed up elsewhere") {
    const auto ended = [](const Metric& until, double at, double told) {
        return found({observation(until, "d", at, {{"owner", "anna"}, {"reason", "the NAS"}}),
                      observation(metric::data_told_by_filesystem, "d", told)});
    };
    const Metric& data = metric::data_elsewhere_until_timestamp_seconds;
    CHECK(ended(data, table_time + 1, 0) == Names{});
    CHECK(ended(data, table_time - 1, 0) == Names{"data_elsewhere_ended d"});
    CHECK(ended(data, table_time - 1, 1) == Names{});
    const Metric& filesystem = metric::filesystem_elsewhere_until_timestamp_seconds;
    CHECK(ended(filesystem, table_time + 1, 0) == Names{});
    CHECK(ended(filesystem, table_time - 1, 0) == Names{"filesystem_elsewhere_ended d"});
}

namespace {

// With a database server; each copy is one that is fresh, in this domain.
Names found_with(const std::vector<std::string>& domains,
                 const std::vector<std::string>& contents = {}, double drives = 1) {
    std::vector<Observation> all = {observation(metric::data_size_bytes, "d", 41),
                                    observation(metric::data_backed_up, "d", 1),
                                    observation(metric::data_server_running, "d", 1)};
    for (const std::string& domain : domains)
        all.push_back(observation(metric::data_copies, "d", 1, {{"domain", domain}}));
    if (drives > 0) all.push_back(observation(metric::data_drives, "d", drives));
    for (const std::string& content : contents)
        all.push_back(observation(metric::data_backup, "d", 1, {{"content", content}}));
    return found(all);
}

}  // namespace

TEST_CASE("data with all its copies on its own drive") {
    CHECK(found_with({"same-filesystem"}) == Names{"data_on_one_drive d"});
    CHECK(found_with({"same-drive"}) == Names{"data_on_one_drive d"});
    CHECK(found_with({"same-drive", "ephemeral"}) == Names{"data_on_one_drive d"});
    CHECK(found_with({"ephemeral"}) == Names{"data_on_one_drive d"});
    for (const double drives : {0, 2})  // not known, an array
        CHECK(found_with({"same-drive"}, {}, drives) == Names{"data_on_same_drives d"});
    for (const char* elsewhere : {"same-host", "off-host", "unknown"})
        CHECK(found_with({"same-drive", elsewhere}) == Names{});
    CHECK(found_with({}) == Names{});  // a stale backup has its own finding
}

TEST_CASE("files of a running database without a dump") {
    CHECK(found_with({}, {"files"}) == Names{"data_only_as_files d"});
    CHECK(found_with({}, {"files", "database"}) == Names{});
    CHECK(found_with({}, {"files", "unknown"}) == Names{});
}

TEST_CASE("no copy leaves the host, unless one might") {
    const auto host = [](const std::vector<std::string>& domains) {
        std::vector<Observation> all;
        for (const std::string& domain : domains)
            all.push_back(observation(metric::backups, "", 1, {{"domain", domain}}));
        return found(all);
    };
    CHECK(host({"same-host", "same-drive"}) == Names{"no_copy_off_host"});
    CHECK(host({"same-host", "off-host"}) == Names{});
    CHECK(host({"same-host", "unknown"}) == Names{});
    CHECK(host({"unknown"}) == Names{});
}
