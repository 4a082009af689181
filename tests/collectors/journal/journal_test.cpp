// The collector on hosts without a readable journal. tests/end_to_end/test_journal.py has real
// ones.
#include <doctest/doctest.h>

#include "collectors/collector.hpp"
#include "core/metrics/host.hpp"
#include "tests/recorded_host.hpp"

using namespace lastgood;

namespace {

struct Outcome {
    bool succeeded;
    MemorySink sink;
};

Outcome collect(const test::RecordedHost& host, const std::string& directory = "") {
    Config config;
    config.journal_directory.value = directory;
    Outcome outcome{false, {}};
    Context context{host.host(), config, outcome.sink, "", "cursor", true};
    outcome.succeeded = find_collector("journal")->run(context).has_value();
    return outcome;
}

}  // namespace

TEST_CASE("a host without a journal is no failure, and the host says so") {
    test::RecordedHost host;
    host.file("/now", "1700000000");
    for (const char* directory : {"", "/var/log/journal", "/no/such/directory"}) {
        const Outcome outcome = collect(host, directory);
        CHECK(outcome.succeeded);
        REQUIRE(outcome.sink.observations.size() == 1);
        CHECK(outcome.sink.observations[0].metric == &metric::journal_followed);
        CHECK(outcome.sink.observations[0].value == 0);
        CHECK(outcome.sink.cursor == "cursor");
        host.directory("/var/log/journal/0123456789abcdef0123456789abcdef");
    }
}

TEST_CASE("a file that is no journal is left out") {
    test::RecordedHost host;
    host.file("/now", "1700000000");
    host.file("/var/log/journal/0123456789abcdef0123456789abcdef/system.journal",
              std::string(100'000, 'x'));
    const Outcome outcome = collect(host);
    CHECK(outcome.succeeded);
    REQUIRE(outcome.sink.observations.size() == 1);
    CHECK(outcome.sink.observations[0].value == 0);
}
