#include "agent/commands/plain_text.hpp"

#include <doctest/doctest.h>

#include <string>

#include "agent/commands/explain.hpp"

using namespace lastgood;
using namespace std::string_literals;

namespace {

constexpr Timestamp now = 1'790'000'000;

// Plain text, or what it becomes.
std::string plain(std::string_view text) {
    return plain_text(text).value_or(std::string(text));
}

const std::string smart =
    "=== START OF READ SMART DATA SECTION ===\n"
    "SMART overall-health self-assessment test result: PASSED\n"
    "\n"
    "ID# ATTRIBUTE_NAME          FLAG     VALUE WORST THRESH TYPE      UPDATED  WHEN_FAILED RAW\n"
    "  5 Reallocated_Sector_Ct   0x0033   100   100   010    Pre-fail  Always       -       0\n"
    "197 Current_Pending_Sector  0x0012   100   100   000    Old_age   Always       -       16\n";

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    for (size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
    return text;
}

std::string utf16(std::string_view text, bool little) {
    std::string wide = little ? "\xff\xfe" : "\xfe\xff";
    for (const char c : text) wide += little ? std::string{c, '\0'} : std::string{'\0', c};
    return wide;
}

// The row of each attribute as a row of an HTML table, each cell in a line of its own.
std::string as_table() {
    return "<table class=\"smart\"><tbody>\n"
           "<tr>\n<td>5</td>\n<td>Reallocated_Sector_Ct</td>\n<td>0x0033</td>\n<td>100</td>\n"
           "<td>100</td>\n<td>010</td>\n<td>Pre-fail</td>\n<td>Always</td>\n<td>-</td>\n"
           "<td>0</td>\n</tr>\n"
           "<tr><td>197</td><td>Current_Pending_Sector</td><td>0x0012</td><td>100</td>"
           "<td>100</td><td>000</td><td>Old_age</td><td>Always</td><td>-</td><td>16</td></tr>\n"
           "</tbody></table>\n";
}

}  // namespace

TEST_CASE("marks of HTML become what they stand for, all else stays") {
    CHECK(plain("a&nbsp;&lt;b&gt;&amp;&#160;c&#x27;&quot;") == "a <b>& c'\"");
    CHECK(plain("one<br>two<BR />\nthree<br/>\r\nfour") == "one\ntwo\nthree\r\nfour");
    CHECK(plain("<pre>\n<code>x</code></pre>\n") == "\nx\n");
    CHECK(plain("<p>one</p><p style=\"a\">two</p>") == "one\ntwo\n");
    CHECK(plain("<tr>\n <td>1</td>\n <td>b</td>x<td>c</td></tr>\n<tr><td>2") == "1  bx  c\n2");
    CHECK(plain("5\xc2\xa0GB") == "5 GB");
    CHECK(plain("\x1b[1;31mred\x1b[0m\x1b[K") == "red");
    CHECK(plain("one\rtwo\r") == "one\ntwo\n");
    CHECK_FALSE(plain_text("one\r\ntwo\rthree").has_value());
    for (const char* same :
         {"<6>[    1.0] <TASK> a < b & c", "mail <a@b.example>", "&copy; &x;", "<bro>", "<br",
          "RIP: [<a0123456>]", "\xc2\xb5s", "&#10;&#;", "<", "&"})
        CHECK_FALSE(plain_text(same).has_value());
}

TEST_CASE("UTF-16 becomes UTF-8") {
    CHECK(plain(utf16("a\nb", true)) == "a\nb");
    CHECK(plain(utf16("a\nb", false)) == "a\nb");
    CHECK(plain("\xff\xfe\x3d\xd8\x00\xde\xe9\x00\x00\xdc"s) ==
          "\xf0\x9f\x98\x80\xc3\xa9\xef\xbf\xbd");
    CHECK(plain("\xff\xfe"
                "a") == "");
}

TEST_CASE("explain reads values through HTML, UTF-16 and no-break spaces") {
    for (const std::string& text :
         {"<pre><code>" + replaced(smart, "\n", "<br>\n") + "</code></pre>",
          replaced(smart, "\n", "<br />"), replaced(smart, " ", "&nbsp;"),
          replaced(smart, "  ", "\xc2\xa0 "), as_table(), utf16(smart, true), utf16(smart, false),
          utf16(replaced(smart, "\n", "<br>\r\n"), true)}) {
        CAPTURE(text);
        const auto explanation = explain_text(text, now);
        REQUIRE(explanation);
        REQUIRE(explanation->report.findings.size() == 1);
        CHECK(explanation->report.findings[0].rule == "drive_suspect_pending");
        REQUIRE(explanation->evidence[0].lines.size() == 1);
        CHECK(explanation->evidence[0].lines[0].text.find("197") < 5);
    }
}

TEST_CASE("lines that HTML breaks keep their numbers") {
    const auto explanation = explain_text(replaced(smart, "\n", "<br>\n"), now);
    REQUIRE(explanation);
    REQUIRE(explanation->evidence.size() == 1);
    CHECK(explanation->evidence[0].lines[0].number == 6);
}
