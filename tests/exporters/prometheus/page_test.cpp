#include "exporters/prometheus/page.hpp"

#include <doctest/doctest.h>

#include "exporters/status/text.hpp"
#include "tests/exporters/reports.hpp"

using namespace lastgood;
using namespace lastgood::test;

namespace {

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the page has what a browser needs, the colour of the verdict, and no script") {
    const std::string page = page_of(failing_drive(), report_time);
    CHECK(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
    CHECK(has(page, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"));
    CHECK(has(page, "<meta http-equiv=\"refresh\" content=\"60\">"));
    CHECK(has(page, "<link rel=\"stylesheet\" href=\"/style.css\">"));
    CHECK(has(page, "<title>db8: CRITICAL - lastgood</title>"));
    CHECK(has(page, "<body class=\"red\">"));
    CHECK(has(page, "<pre>db8: <span class=\"red\">CRITICAL</span>  "));
    CHECK(has(page, "<footer>As of 2026-09-21 "));
    CHECK_FALSE(has(page, "<script"));
    CHECK_FALSE(has(page, " style="));
    CHECK_FALSE(has(page, "<style"));
    CHECK_FALSE(has(page, "\033"));
    CHECK(has(page_of(healthy_host(), report_time), "<body class=\"green\">"));
    CHECK(has(page_of(virtual_machine(), report_time + 86400), "<body class=\"magenta\">"));
}

TEST_CASE("the page of a host without a report") {
    const std::string page =
        page_without_report({ErrorKind::absent, "no such file"}, "/run/<b>&/report.json");
    CHECK(has(page, "<title>UNKNOWN - lastgood</title>"));
    CHECK(has(page, "<body class=\"magenta\">"));
    CHECK(has(page, "/run/&lt;b&gt;&amp;/report.json"));
}

TEST_CASE("each colour of a screen has a class in the style sheet; other text stays text") {
    for (const auto& [colour, name] :
         {std::pair(Colour::red, "red"), std::pair(Colour::yellow, "yellow"),
          std::pair(Colour::green, "green"), std::pair(Colour::magenta, "magenta"),
          std::pair(Colour::bold, "bold")}) {
        CHECK(to_html_text(coloured("a<b", colour, true) + "c") ==
              "<span class=\"" + std::string(name) + "\">a&lt;b</span>c");
        if (colour != Colour::bold)
            CHECK(has(std::string(style_sheet), "pre ." + std::string(name) + " {"));
    }
    CHECK(to_html_text("a\033[2Jb\033") == "a[2Jb");
    CHECK(to_html_text("\033[33mopen") == "<span class=\"yellow\">open</span>");
    CHECK(to_html_text("\"'&amp;") == "&quot;'&amp;amp;");
}
