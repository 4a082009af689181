// Whatever a report holds, everything that renders it stays readable: see the fuzz target
// "rendering", which goes on from here.
#include "tests/agent/commands/renderings.hpp"

#include <doctest/doctest.h>

#include <random>

#include "tests/support.hpp"
#include "tests/temporary_directory.hpp"

using namespace lastgood;
using namespace lastgood::test;

namespace {

std::string random_bytes(unsigned seed) {
    std::minstd_rand random(seed);
    std::string bytes(20 + random() % 600, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() >> 8);
    return bytes;
}

}  // namespace

TEST_CASE("hostile reports: metrics, pages, screens and JSON stay what they are") {
    for (unsigned seed = 1; seed <= 40; ++seed) {
        CAPTURE(seed);
        CHECK(complaint_about_renderings(report_from(random_bytes(seed))) == "");
    }
}

TEST_CASE("hostile reports: the file and the textfile are read again as they were written") {
    const TemporaryDirectory folder;
    const std::string path = folder.at("report.json"), textfile = folder.at("lastgood.prom");
    for (unsigned seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        const Report report = report_from(random_bytes(seed));
        REQUIRE(write_report(report, path));
        const auto read = read_report(path);
        REQUIRE(read);
        const auto parsed = parse_report(to_json(report));
        REQUIRE(parsed);
        CHECK(to_json(*read) == to_json(*parsed));
        REQUIRE(write_textfile(*read, textfile));
        CHECK(read_file(textfile) == to_exposition(*read, true));
    }
}

TEST_CASE("the checks of renderings find what is wrong") {
    const auto text = [](std::string_view metrics) {
        return ExpositionGrammar(false).complaint_about(metrics);
    };
    CHECK(text("# HELP a x\n# TYPE a gauge\na{b=\"c\"} 1\na 2\n") == "");
    for (const char* wrong : {"# TYPE a gauge\na 1\na 1\n", "# TYPE a gauge\na{b=\"\"} 1\na 2\n",
                              "a 1\n", "# TYPE a gauge\na", "# TYPE a gauge\na{b=\"\n\"} 1\n",
                              "# TYPE a gauge\na{b=\"c\",b=\"d\"} 1\n", "# TYPE a gauge\na NaN\n",
                              "# TYPE a gauge\na +Inf\n", "# TYPE a gauge\na{b=\"\\x\"} 1\n",
                              "# TYPE a gauge\na \n", "# TYPE a gauge\n# TYPE a gauge\n",
                              "# TYPE a info\n", "# TYPE a gauge\na{b=\"\xff\"} 1\n",
                              "# TYPE a gauge\na{__b=\"c\"} 1\n", "# lastgood: x\n"}) {
        CAPTURE(wrong);
        CHECK(text(wrong) != "");
    }
    const auto openmetrics = [](std::string_view metrics) {
        return ExpositionGrammar(true).complaint_about(metrics);
    };
    CHECK(openmetrics("# TYPE a_bytes counter\n# UNIT a_bytes bytes\na_bytes_total 1\n# EOF\n") ==
          "");
    for (const char* wrong :
         {"# TYPE a gauge\na 1\n", "# TYPE a counter\na 1\n# EOF\n", "# EOF\n# EOF\n",
          "# TYPE a info\na_info 2\n# EOF\n", "# TYPE a gauge\n# UNIT a bytes\na 1\n# EOF\n",
          "# TYPE a counter\na_total -1\n# EOF\n", "# HELP a \"\n# EOF\n"}) {
        CAPTURE(wrong);
        CHECK(openmetrics(wrong) != "");
    }
    CHECK(complaint_about_screen("fine\n\033[31mred\n") != "");
    CHECK(complaint_about_screen("\xe2\x80\xae") != "");
    CHECK(complaint_about_page("<title>a</title><pre><b></pre></main>") != "");
    CHECK(complaint_about_page("<title>a</title><pre>a & b</pre></main>") != "");
    CHECK(complaint_about_page("<title>a</title><pre><span class=\"red\">a</span></pre></main>") ==
          "");
}
