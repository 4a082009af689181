// The example of docs/writing-a-collector.md compiles and works, and the page shows this code.
#include "tests/example/parse/io_pressure.hpp"

#include <doctest/doctest.h>

#include <sstream>
#include <vector>

#include "collectors/collector.hpp"
#include "rules/rule.hpp"
#include "rules/text.hpp"
#include "tests/example/metric.hpp"
#include "tests/recorded_host.hpp"
#include "tests/support.hpp"

using namespace lastgood;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace lastgood {
extern const Collector io_pressure_collector;
namespace table {
std::vector<Rule> example_rules();
}
}  // namespace lastgood

namespace {

// Runs the collector on a recorded host.
Result<std::vector<Observation>> collect(const test::RecordedHost& host) {
    const Config config;
    MemorySink sink;
    Context context{host.host(), config, sink, "", "", false};
    const auto done = io_pressure_collector.run(context);
    if (!done) return Failure(done.error());
    return sink.observations;
}

}  // namespace

TEST_CASE("io pressure: the share of the last 5 minutes") {
    test::RecordedHost host;
    host.file("/proc/pressure/io",
              "some avg10=0.00 avg60=3.10 avg300=12.50 total=4711\n"
              "full avg10=0.00 avg60=0.00 avg300=1.00 total=42\n");
    const auto seen = collect(host);
    REQUIRE(seen.has_value());
    REQUIRE(seen->size() == 1);
    CHECK(seen->front().metric == &metric::io_pressure_ratio);
    CHECK(seen->front().value == 0.125);
}

TEST_CASE("io pressure: a kernel without it is fine, one that cannot be read is not") {
    test::RecordedHost host;
    const auto absent = collect(host);
    REQUIRE(absent.has_value());
    CHECK(absent->empty());
    host.directory("/proc/pressure/io");
    CHECK_FALSE(collect(host).has_value());
}

TEST_CASE("io pressure: malformed text is an error") {
    for (const char* text :
         {"", "\n", "some", "some avg300=", "some avg300=x", "some avg300=-1", "some avg300=101",
          "some avg300=nan", "full avg300=1\n", "full avg10=1\nsome avg10=0.00 avg300=1"}) {
        CAPTURE(text);
        const auto ratio = parse_io_pressure(text);
        REQUIRE_FALSE(ratio.has_value());
        CHECK(ratio.error().kind == ErrorKind::malformed);
    }
    CHECK(parse_io_pressure("some avg300=100.00").value() == 1);
    const std::string rubbish = "some avg300=1e999999999";
    CHECK(LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(rubbish.data()),
                                 rubbish.size()) == 0);
}

TEST_CASE("io pressure: half of the time for 15 minutes is a warning") {
    const auto rules = table::example_rules();
    const auto found = [&](double ratio, Seconds later) {
        RuleMemory memory;
        const std::vector<Observation> seen{{&metric::io_pressure_ratio, "", {}, ratio, 0}};
        evaluate(rules, seen, 1000, memory);
        return evaluate(rules, seen, 1000 + later, memory).size();
    };
    CHECK(found(0.5, 15 * 60) == 1);
    CHECK(found(0.49, 15 * 60) == 0);
    CHECK(found(0.5, 14 * 60) == 0);
    for (const Rule& rule : rules)
        for (const std::string_view text : {rule.summary, rule.advice})
            CHECK(unknown_placeholders(text, rule.subject).empty());
}

TEST_CASE("the page shows the code compiled here, all of it") {
    const std::string page =
        test::read_file(test::tests_directory() + "/../docs/writing-a-collector.md");
    std::vector<std::string> blocks;
    const std::string fence = "\n```cpp\n";
    for (size_t at = 0; (at = page.find(fence, at)) != page.npos;) {
        at += fence.size();
        blocks.push_back(page.substr(at, page.find("```", at) - at));
    }
    REQUIRE(blocks.size() >= 5);
    std::string shown;
    for (const std::string& block : blocks) shown += block;
    std::string compiled;
    for (const char* file :
         {"metric.hpp", "parse/io_pressure.hpp", "parse/io_pressure.cpp", "io_pressure.cpp",
          "fuzz/io_pressure_fuzzer.cpp", "rule.cpp", "io_pressure_test.cpp"}) {
        const std::string text = test::read_file(test::tests_directory() + "/example/" + file);
        compiled += text;
        size_t from_here = 0;
        for (const std::string& block : blocks)
            if (text.find(block) != text.npos) ++from_here;
        CHECK_MESSAGE(from_here > 0, "the page shows nothing of tests/example/", file);
    }
    for (const std::string& block : blocks)
        CHECK_MESSAGE(compiled.find(block) != compiled.npos,
                      "in the page, but not in tests/example/:\n", block);
}
