#include "core/observation.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <set>
#include <tuple>
#include <vector>

#include "core/bytes.hpp"
#include "core/descriptor.hpp"
#include "core/metrics/agent.hpp"
#include "core/metrics/drives.hpp"
#include "core/text.hpp"

using namespace lastgood;

TEST_CASE("a protocol line survives writing and parsing") {
    const Observation observation{&metric::drive_attribute,
                                  "wwn-0x5000c500a1b2c3d4",
                                  {{"id", "5"}, {"kind", "raw"}, {"name", "Reallocated_Sector_Ct"}},
                                  24,
                                  1700000000.25};
    const std::string line =
        to_json_line({ProtocolLine::Kind::observation, observation, {}, {}, {}});
    CHECK(line.find('\n') == line.npos);
    const auto parsed = parse_protocol_line(line, 1);
    REQUIRE(parsed.has_value());
    CHECK(parsed->kind == ProtocolLine::Kind::observation);
    CHECK(parsed->observation == observation);
}

TEST_CASE("names that are not UTF-8 still give a valid line") {
    const Observation observation{&metric::drive_pending_sectors, "bad\xff\x80name", {}, 1, 1};
    CHECK(parse_protocol_line(
              to_json_line({ProtocolLine::Kind::observation, observation, {}, {}, {}}), 1)
              .has_value());
}

TEST_CASE("quotes, backslashes and control characters survive writing and parsing") {
    for (const char* name : {"a\"b", "a\\b", "C:\\new", "a\tb\nc", "\x01\x7f", "gr\xc3\xbcn"}) {
        CAPTURE(name);
        const Observation observation{&metric::drive_info, name, {{"model", name}}, 1, 5};
        const auto parsed = parse_protocol_line(
            to_json_line({ProtocolLine::Kind::observation, observation, {}, {}, {}}), 1);
        REQUIRE(parsed.has_value());
        CHECK(parsed->observation == observation);
    }
}

TEST_CASE("every error kind survives writing and parsing") {
    for (const ErrorKind kind : {ErrorKind::absent, ErrorKind::denied, ErrorKind::failed,
                                 ErrorKind::malformed, ErrorKind::timed_out}) {
        const auto parsed = parse_protocol_line(
            to_json_line({ProtocolLine::Kind::problem, {}, {}, "sda", {kind, "words"}}), 1);
        REQUIRE(parsed.has_value());
        CHECK(parsed->error.kind == kind);
        CHECK(parsed->error.message == "words");
        CHECK(parsed->subject == "sda");
    }
    CHECK(parse_protocol_line(R"({"problem":"x","kind":"of tomorrow"})", 1)->error.kind ==
          ErrorKind::failed);
}

TEST_CASE("an increment of 0 is accepted") {
    for (const char* time : {"", ",\"observed_at\":5"}) {
        CAPTURE(time);
        CHECK(
            parse_protocol_line(
                std::string(
                    R"({"metric":"lastgood_drive_kernel_errors_total","subject":"d","increment":0)") +
                    time + "}",
                1)
                .has_value());
    }
}

TEST_CASE("of a repeated label the last value counts") {
    const auto line = parse_protocol_line(
        R"({"metric":"lastgood_drive_info","subject":"d","labels":{"model":"A","model":"B"},"value":1,"observed_at":5})",
        1);
    REQUIRE(line.has_value());
    CHECK(line->observation.labels == Labels{{"model", "B"}});
}

TEST_CASE("observe sorts labels by key") {
    MemorySink sink;
    sink.observe(metric::drive_info, "d", 1, 5, {{"serial", "S"}, {"device", "sda"}});
    REQUIRE(sink.observations.size() == 1);
    CHECK(sink.observations[0].labels == Labels{{"device", "sda"}, {"serial", "S"}});
}

TEST_CASE("increments of one series add up and get the newest time") {
    MemorySink sink;
    for (const auto& [kind, count, time] :
         {std::tuple("io", 2.0, 100.0), {"io", 3.0, 90.0}, {"medium", 1.0, 50.0}})
        sink.increment({&metric::drive_kernel_errors_total, "d", {{"kind", kind}}, count, time});
    REQUIRE(sink.observations.size() == 2);
    CHECK(sink.observations[0].value == 5);
    CHECK(sink.observations[0].observed_at == 100);
    CHECK(sink.observations[1].value == 1);
    CHECK(sink.observations[1].observed_at == 50);
}

TEST_CASE("LineSink flushes at a commit, at the end and when its buffer is full") {
    const int fd = ::memfd_create("lines", MFD_CLOEXEC);
    REQUIRE(fd >= 0);
    const auto written = [&] { return ::lseek(fd, 0, SEEK_END); };
    {
        LineSink sink(fd);
        sink.observe(metric::drive_pending_sectors, "d", 1, 5);
        CHECK(written() == 0);
        sink.commit("cursor");
        const off_t first = written();
        CHECK(first > 0);
        for (int i = 0; i < 2000; ++i) sink.observe(metric::drive_pending_sectors, "d", i, 5);
        CHECK(written() - first > 64 * kib);
        sink.problem("d", {ErrorKind::failed, "the last"});
    }
    std::string text(static_cast<size_t>(written()), '\0');
    CHECK(::pread(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
    CHECK(std::ranges::count(text, '\n') == 2003);
    CHECK(text.ends_with("the last\",\"subject\":\"d\"}\n"));
    ::close(fd);
}

TEST_CASE("increments, commits and problems are parsed") {
    auto line = parse_protocol_line(
        R"({"metric":"lastgood_drive_kernel_errors_total","subject":"d","labels":{"kind":"io"},"increment":2})",
        77);
    REQUIRE(line.has_value());
    CHECK(line->kind == ProtocolLine::Kind::increment);
    CHECK(line->observation.value == 2);
    CHECK(line->observation.observed_at == 77);
    line = parse_protocol_line(R"({"commit":true,"cursor":"boot:12"})", 1);
    REQUIRE(line.has_value());
    CHECK(line->kind == ProtocolLine::Kind::commit);
    CHECK(line->cursor == "boot:12");
    line = parse_protocol_line(R"({"problem":"no access","kind":"denied","subject":"sda"})", 1);
    REQUIRE(line.has_value());
    CHECK(line->error.kind == ErrorKind::denied);
}

TEST_CASE("invalid lines are rejected with a reason") {
    for (
        const char* wrong :
        {"", "[]", "{", "{}", "null", "\"text\"", R"({"metric":"no_such_metric","value":1})",
         R"({"metric":"lastgood_drive_pending_sectors","value":1})",
         R"({"metric":"lastgood_drive_pending_sectors","subject":"d","value":"3"})",
         R"({"metric":"lastgood_drive_pending_sectors","subject":"d","value":1e999})",
         R"({"metric":"lastgood_drive_pending_sectors","subject":"d","value":1,"labels":{"color":"red"}})",
         R"({"metric":"lastgood_drive_pending_sectors","subject":"d","value":1,"labels":[1]})",
         R"({"metric":"lastgood_drive_pending_sectors","subject":"d","value":1,"observed_at":"now"})",
         R"({"metric":"lastgood_drive_pending_sectors","subject":"d","increment":1})",
         R"({"metric":"lastgood_drive_kernel_errors_total","subject":"d","increment":-1})",
         R"({"metric":"lastgood_report_timestamp_seconds","subject":"d","value":1})",
         R"({"metric":"lastgood_report_timestamp_seconds","subject":"d","value":1,"observed_at":5})",
         R"({"metric":7,"subject":"d","value":1})", R"({"problem":3})"}) {
        CAPTURE(wrong);
        const auto line = parse_protocol_line(wrong, 1);
        REQUIRE_FALSE(line.has_value());
        CHECK_FALSE(line.error().message.empty());
    }
}

TEST_CASE("what the agent says of itself no collector may say") {
    const auto refused = [](const std::string& line) {
        const auto parsed = parse_protocol_line(line, 1);
        return !parsed && parsed.error().message.starts_with("only lastgood itself reports ");
    };
    size_t own = 0;
    for (const Metric* metric : all_metrics()) {
        CAPTURE(metric->name);
        ProtocolLine line;
        line.observation = {metric, metric->subject == SubjectKind::host ? "" : "x", {}, 1, 5};
        // What is about a collector is the agent's, and so is every judgement.
        const bool expected = metric->own || metric->subject == SubjectKind::collector ||
                              metric->name.ends_with("_health");
        CHECK(refused(to_json_line(line)) == expected);
        own += expected ? 1 : 0;
    }
    CHECK(own > 20);
    CHECK(refused(R"({"metric":"lastgood_accepted","labels":{"rule":"drive_gone","drive":"d"},)"
                  R"("value":1})"));
    CHECK(refused(R"({ "metric":"lastgood_collector_success","subject":"smart","value":0})"));
}

TEST_CASE("a line sink tells the first error of its writes, once") {
    const Descriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    REQUIRE(full.get() >= 0);
    std::vector<int> errors;
    LineSink sink(full.get(), [&](int error) { errors.push_back(error); });
    sink.observe(metric::drive_pending_sectors, "d1", 3, 5);
    CHECK(errors.empty());  // not written yet
    sink.flush();
    sink.commit("1");
    CHECK(errors == std::vector<int>{ENOSPC});
}

TEST_CASE("the metric table is consistent") {
    std::set<std::string_view> names;
    for (const Metric* metric : all_metrics()) {
        CAPTURE(metric->name);
        CHECK(names.insert(metric->name).second);
        CHECK(find_metric(metric->name) == metric);
        CHECK(metric->help.ends_with('.'));
        CHECK(metric->help.find('\n') == std::string_view::npos);
        CHECK((metric->type == MetricType::counter) == metric->name.ends_with("_total"));
    }
    CHECK(find_metric("lastgood_nothing") == nullptr);
}

TEST_CASE("the fast parser and the JSON library agree") {
    // The JSON library parses the first form, the fast parser the second.
    for (
        const auto& forms : {
            std::pair(
                R"({"value":3,"metric":"lastgood_drive_pending_sectors","subject":"d","observed_at":5})",
                R"({"metric":"lastgood_drive_pending_sectors","subject":"d","value":3,"observed_at":5})"),
            std::pair(
                R"({ "metric":"lastgood_drive_info","subject":"d","labels":{"model":"M","device":"sda"},"value":1,"observed_at":5.25})",
                R"({"metric":"lastgood_drive_info","subject":"d","labels":{"device":"sda","model":"M"},"value":1,"observed_at":5.25})"),
            std::pair(
                R"({"increment":2,"metric":"lastgood_kernel_log_lost_records_total","observed_at":5})",
                R"({"metric":"lastgood_kernel_log_lost_records_total","increment":2,"observed_at":5})"),
            std::pair(
                R"({"value":1,"metric":"lastgood_drive_info","subject":"d","labels":{},"observed_at":5})",
                R"({"metric":"lastgood_drive_info","subject":"d","value":1,"observed_at":5})"),
        }) {
        const char* const loose = forms.first;  // clang 14 cannot capture structured bindings
        const char* const plain = forms.second;
        CAPTURE(loose);
        const auto a = parse_protocol_line(loose, 1), b = parse_protocol_line(plain, 1);
        REQUIRE(a.has_value());
        REQUIRE(b.has_value());
        CHECK(a->kind == b->kind);
        CHECK(a->observation == b->observation);
    }
    // Both reject the same lines.
    for (
        const char* wrong :
        {R"({"metric":"lastgood_drive_pending_sectors","subject":"d","value":nan,"observed_at":5})",
         R"({"metric":"lastgood_drive_pending_sectors","subject":"d","value":inf,"observed_at":5})",
         R"({"metric":"lastgood_drive_info","subject":"d","labels":{"model":"M","color":"red"},"value":1,"observed_at":5})",
         R"({"metric":"lastgood_drive_pending_sectors","subject":"d","value":3,"observed_at":5}x)",
         R"({"metric":"lastgood_drive_pending_sectors","subject":"d","value":3,"observed_at":-5})"}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_protocol_line(wrong, 1).has_value());
    }
}

namespace {

std::string drive_line(std::string_view value, std::string_view more = "") {
    return fmt::format(
        R"({{"metric":"lastgood_drive_pending_sectors","subject":"d","value":{}{}}})", value, more);
}

}  // namespace

TEST_CASE("magnitudes and times have limits, in both parsers") {
    for (const char* time : {"", ",\"observed_at\":5"}) {
        CAPTURE(time);
        for (const char* value : {"9223372036854775808", "-9.223372036854775808e18", "0"}) {
            CAPTURE(value);
            CHECK(parse_protocol_line(drive_line(value, time), 1).has_value());
        }
        for (const char* value : {"9223372036854777856", "-1.7e308", "1e308", "1e19"}) {
            CAPTURE(value);
            CHECK_FALSE(parse_protocol_line(drive_line(value, time), 1).has_value());
        }
        CHECK_FALSE(
            parse_protocol_line(
                std::string(
                    R"({"metric":"lastgood_drive_kernel_errors_total","subject":"d","increment":1e308)") +
                    time + "}",
                1)
                .has_value());
    }
    for (const auto& [time, fits] : {std::pair("0", true),
                                     {"253402300799", true},
                                     {"253402300800", false},
                                     {"1e300", false},
                                     {"-1", false}}) {
        const std::string_view written = time;  // clang captures no structured bindings
        CAPTURE(written);
        CHECK(parse_protocol_line(drive_line("1", std::string(",\"observed_at\":") + time), 1)
                  .has_value() == fits);
    }
}

TEST_CASE("texts have limits; what tells of a problem is cut off, not refused") {
    const std::string most(subject_limit, 's'), more = most + "s";
    const auto info = [](const std::string& subject, const std::string& model) {
        return fmt::format(
            R"({{"metric":"lastgood_drive_info","subject":"{}","labels":{{"model":"{}"}},"value":1}})",
            subject, model);
    };
    CHECK(parse_protocol_line(info(most, "m"), 1).has_value());
    CHECK_FALSE(parse_protocol_line(info(more, "m"), 1).has_value());
    CHECK(parse_protocol_line(info("d", most), 1).has_value());
    CHECK_FALSE(parse_protocol_line(info("d", more), 1).has_value());
    Observation one{&metric::drive_info, most, {{"model", most}}, 1, 1};
    CHECK(why_not_valid(one).empty());
    one.labels.emplace_back("serial", "s");
    CHECK_FALSE(why_not_valid(one).empty());
    CHECK(parse_protocol_line(R"({"commit":true,"cursor":")" + most + "\"}", 1).has_value());
    CHECK_FALSE(parse_protocol_line(R"({"commit":true,"cursor":")" + more + "\"}", 1).has_value());
    const auto problem = parse_protocol_line(
        R"({"problem":")" + std::string(60000, 'p') + R"(","subject":")" + more + "\"}", 1);
    REQUIRE(problem.has_value());
    CHECK(problem->error.message.size() == message_limit);
    CHECK(problem->subject.size() == subject_limit);
    // A refusal does not repeat the hostile line.
    CHECK(parse_protocol_line(R"({"metric":")" + std::string(60000, 'x') + R"(","value":1})", 1)
              .error()
              .message.size() < 300);
}

TEST_CASE("what is not finite is printed as JSON all the same") {
    for (const double wrong :
         {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
          std::numeric_limits<double>::quiet_NaN()}) {
        const std::string printed =
            to_json_line({ProtocolLine::Kind::observation,
                          {&metric::drive_pending_sectors, "d", {}, wrong, wrong},
                          {},
                          {},
                          {}});
        CHECK(printed.ends_with(R"("value":null,"observed_at":null})"));
    }
}

TEST_CASE("increments of one series stay within the limit") {
    MemorySink sink;
    for (int i = 0; i < 3; ++i)
        sink.increment({&metric::drive_kernel_errors_total, "d", {}, 1.7e308, 1});
    CHECK(sink.observations.at(0).value == value_limit);
    CHECK(saturated_sum(-value_limit, -1e308) == -value_limit);
    CHECK(saturated_sum(1, 2) == 3);
}

TEST_CASE("LineSink prints a problem for what the agent would refuse, and no long line") {
    const int fd = ::memfd_create("lines", MFD_CLOEXEC);
    REQUIRE(fd >= 0);
    {
        LineSink sink(fd);
        sink.observe(metric::drive_pending_sectors, "inf", std::numeric_limits<double>::infinity(),
                     5);
        sink.observe(metric::drive_info, "long", 1, 5, {{"model", std::string(300'000, '\x01')}});
        sink.increment({&metric::drive_kernel_errors_total, "much", {}, 1e300, 5});
        sink.problem(std::string(300'000, '\x01'),
                     {ErrorKind::denied, std::string(300'000, '\x01')});
        sink.observe(metric::drive_info, std::string(subject_limit, '\x01'), 1, 5,
                     {{"model", std::string(label_limit, '\x01')}});
        sink.observe(metric::drive_pending_sectors, "good", 1, 5);
    }
    std::string text(static_cast<size_t>(::lseek(fd, 0, SEEK_END)), '\0');
    CHECK(::pread(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
    ::close(fd);
    std::vector<ProtocolLine> lines;
    for (std::string_view rest = text; !rest.empty();) {
        const std::string_view line = take_line(rest);
        CHECK(line.size() < 64 * kib);  // ChildLimits::line_length
        const auto parsed = parse_protocol_line(line, 1);
        REQUIRE(parsed.has_value());
        lines.push_back(*parsed);
    }
    REQUIRE(lines.size() == 6);
    for (const size_t i : {0U, 1U, 2U, 3U}) CHECK(lines[i].kind == ProtocolLine::Kind::problem);
    CHECK(lines[0].subject == "inf");
    CHECK(lines[1].subject == "long");
    CHECK(lines[4].observation.subject.size() == subject_limit);
    CHECK(lines[5].observation.value == 1);
}
