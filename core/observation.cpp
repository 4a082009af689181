#include "core/observation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/bytes.hpp"
#include "core/files.hpp"
#include "core/print.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace lastgood {

using nlohmann::json;

bool is_sane_time(Timestamp time) {
    return time >= 0 && time < time_limit;  // false for NaN
}

bool is_sane_value(double value) {
    return std::abs(value) <= value_limit;  // false for NaN
}

double saturated_sum(double a, double b) {
    return std::clamp(a + b, -value_limit, value_limit);
}

std::string_view Observation::label(std::string_view key) const {
    for (const auto& [name, text] : labels)
        if (name == key) return text;
    return {};
}

void Sink::observe(const Metric& metric, std::string_view subject, double value,
                   Timestamp observed_at, Labels labels) {
    std::ranges::sort(labels);
    add(Observation{&metric, std::string(subject), std::move(labels), value, observed_at});
}

void MemorySink::increment(Observation observation) {
    for (Observation& known : observations)
        if (known.metric == observation.metric && known.subject == observation.subject &&
            known.labels == observation.labels) {
            known.value = saturated_sum(known.value, observation.value);
            known.observed_at = std::max(known.observed_at, observation.observed_at);
            return;
        }
    observations.push_back(std::move(observation));
}

namespace {

std::string_view to_string(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::absent:
            return "absent";
        case ErrorKind::denied:
            return "denied";
        case ErrorKind::failed:
            return "failed";
        case ErrorKind::malformed:
            return "malformed";
        case ErrorKind::timed_out:
            return "timed_out";
    }
    return "failed";
}

ErrorKind parse_error_kind(std::string_view text) {
    for (const ErrorKind kind :
         {ErrorKind::absent, ErrorKind::denied, ErrorKind::malformed, ErrorKind::timed_out})
        if (text == to_string(kind)) return kind;
    return ErrorKind::failed;
}

constexpr auto replace_invalid =
    json::error_handler_t::replace;  // names of devices and files need not be UTF-8

// A fast path for plain text: reports have thousands of these lines.
void append_string(std::string& out, std::string_view text) {
    const bool plain = std::ranges::all_of(
        text, [](char c) { return c >= ' ' && c < 0x7f && c != '"' && c != '\\'; });
    if (!plain) {
        out += json(text).dump(-1, ' ', false, replace_invalid);
        return;
    }
    out += '"';
    out += text;
    out += '"';
}

std::string observation_line(const Observation& observation, std::string_view value_name) {
    std::string line = "{\"metric\":";
    append_string(line, observation.metric->name);
    if (!observation.subject.empty()) {
        line += ",\"subject\":";
        append_string(line, observation.subject);
    }
    if (!observation.labels.empty()) {
        line += ",\"labels\":";
        char separator = '{';
        for (const auto& [key, text] : observation.labels) {
            line += separator;
            append_string(line, key);
            line += ':';
            append_string(line, text);
            separator = ',';
        }
        line += '}';
    }
    const auto append_number = [&](std::string_view name, double number) {
        fmt::format_to(std::back_inserter(line), ",\"{}\":", name);
        if (std::isfinite(number))
            fmt::format_to(std::back_inserter(line), "{}", number);
        else
            line += "null";  // JSON has no other word for it
    };
    append_number(value_name, observation.value);
    append_number("observed_at", observation.observed_at);
    line += '}';
    return line;
}

bool declares_label(const Metric& metric, std::string_view name) {
    std::string_view rest = metric.labels;
    while (!rest.empty()) {
        const size_t comma = std::min(rest.find(','), rest.size());
        if (rest.substr(0, comma) == name) return true;
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return false;
}

const std::string* text_of(const json& object, const char* key) {
    const auto found = object.find(key);
    return found == object.end() ? nullptr : found->get_ptr<const std::string*>();
}

std::optional<double> number_of(const json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_number()) return std::nullopt;
    return found->get<double>();
}

// A name from outside, short enough for a message.
std::string short_name(std::string_view name) {
    return shortened(name, 100);
}

Failure malformed(std::string message) {
    return fail(ErrorKind::malformed, std::move(message));
}

// Checks a line after either parser.
Result<ProtocolLine> checked(ProtocolLine line, std::string_view metric_name) {
    Observation& observation = line.observation;
    if (!observation.metric)
        return malformed(fmt::format("unknown metric \"{}\"; docs/metrics.md lists them",
                                     short_name(metric_name)));
    if (observation.metric->own)
        return malformed(
            fmt::format("only lastgood itself reports {}; leave this line out", metric_name));
    const bool is_increment = line.kind == ProtocolLine::Kind::increment;
    if (std::string why = why_not_valid(observation, is_increment ? "increment" : "value");
        !why.empty())
        return malformed(std::move(why));
    if (is_increment && observation.metric->type != MetricType::counter)
        return malformed(fmt::format("{}: only counters take an \"increment\"", metric_name));
    if (is_increment && observation.value < 0)
        return malformed(fmt::format("{}: \"increment\" must not be negative", metric_name));
    return line;
}

// A fast parser for lines of observation_line() without escapes, which is nearly all of them: ten
// times as fast as a document tree. false: another form; the JSON library must parse it.
class PlainLine {
  public:
    explicit PlainLine(std::string_view text) : rest_(text) {}

    bool read(ProtocolLine& line, std::string_view& metric_name) {
        Observation& observation = line.observation;
        std::string_view text;
        if (!literal("{\"metric\":") || !string(metric_name)) return false;
        if (literal(",\"subject\":")) {
            if (!string(text)) return false;
            observation.subject = text;
        }
        if (literal(",\"labels\":{")) do {
                std::string_view key;
                if (!string(key) || !literal(":") || !string(text)) return false;
                if (!observation.labels.empty() && observation.labels.back().first >= key)
                    return false;
                observation.labels.emplace_back(key, text);
            } while (literal(","));
        if (!observation.labels.empty() && !literal("}")) return false;
        if (literal(",\"increment\":"))
            line.kind = ProtocolLine::Kind::increment;
        else if (!literal(",\"value\":"))
            return false;
        return number(observation.value) && literal(",\"observed_at\":") &&
               number(observation.observed_at) && literal("}") && rest_.empty();
    }

  private:
    bool literal(std::string_view wanted) {
        if (!rest_.starts_with(wanted)) return false;
        rest_.remove_prefix(wanted.size());
        return true;
    }
    bool string(std::string_view& text) {
        if (!literal("\"")) return false;
        size_t length = 0;
        while (length < rest_.size() && rest_[length] != '"') {
            const char c = rest_[length++];
            if (c < ' ' || c >= 0x7f || c == '\\') return false;
        }
        if (length == rest_.size()) return false;
        text = rest_.substr(0, length);
        rest_.remove_prefix(length + 1);
        return true;
    }
    bool number(double& value) {
        const auto found = take_number<double>(rest_);
        if (found) value = *found;
        return found.has_value();
    }

    std::string_view rest_;
};

Result<ProtocolLine> parse_observation(const json& object, Timestamp default_time) {
    ProtocolLine line;
    Observation& observation = line.observation;
    const bool is_increment = object.contains("increment");
    if (is_increment) line.kind = ProtocolLine::Kind::increment;
    const std::string* name = text_of(object, "metric");
    if (!name) return malformed("no \"metric\"");
    observation.metric = find_metric(*name);
    if (const std::string* subject = text_of(object, "subject")) observation.subject = *subject;
    if (const auto labels = object.find("labels"); labels != object.end()) {
        if (!labels->is_object())
            return malformed(fmt::format("{}: \"labels\" must be an object", short_name(*name)));
        for (const auto& [key, value] : labels->items()) {
            const auto* text = value.get_ptr<const std::string*>();
            if (!text)
                return malformed(fmt::format("{}: label \"{}\" must be a string", short_name(*name),
                                             short_name(key)));
            observation.labels.emplace_back(key, *text);  // items() is sorted by key
        }
    }
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    observation.value = number_of(object, is_increment ? "increment" : "value").value_or(none);
    observation.observed_at = object.contains("observed_at")
                                  ? number_of(object, "observed_at").value_or(none)
                                  : default_time;
    return checked(std::move(line), *name);
}

}  // namespace

std::string why_not_valid(const Observation& observation, std::string_view value_name) {
    if (!observation.metric) return "no metric";
    const Metric& metric = *observation.metric;
    if ((metric.subject == SubjectKind::host) != observation.subject.empty())
        return fmt::format(
            "{}: \"subject\" must {} the id of a {}", metric.name,
            observation.subject.empty() ? "be" : "not be given, it is about the host, not",
            to_string(metric.subject));
    if (observation.subject.size() > subject_limit)
        return fmt::format("{}: \"subject\" is longer than {} bytes", metric.name, subject_limit);
    size_t text = observation.subject.size();
    for (const auto& [key, value] : observation.labels) {
        if (!declares_label(metric, key))
            return fmt::format("{}: has no label \"{}\"", metric.name, short_name(key));
        if (value.size() > label_limit)
            return fmt::format("{}: label \"{}\" is longer than {} bytes", metric.name, key,
                               label_limit);
        text += value.size();
    }
    if (text > text_limit)
        return fmt::format("{}: subject and labels are longer than {} bytes", metric.name,
                           text_limit);
    if (!is_sane_value(observation.value))
        return fmt::format("{}: \"{}\" must be a finite number from -2^63 to 2^63", metric.name,
                           value_name);
    if (!is_sane_time(observation.observed_at))
        return fmt::format(
            "{}: \"observed_at\" must be seconds since 1970, and before the year 10000",
            metric.name);
    return {};
}

std::string to_json_line(const ProtocolLine& line) {
    json object;
    switch (line.kind) {
        case ProtocolLine::Kind::observation:
            return observation_line(line.observation, "value");
        case ProtocolLine::Kind::increment:
            return observation_line(line.observation, "increment");
        case ProtocolLine::Kind::commit:
            object = {{"commit", true}};
            if (!line.cursor.empty()) object["cursor"] = line.cursor;
            break;
        case ProtocolLine::Kind::problem:
            object = {{"problem", line.error.message}, {"kind", to_string(line.error.kind)}};
            if (!line.subject.empty()) object["subject"] = line.subject;
            break;
    }
    return object.dump(-1, ' ', false, replace_invalid);
}

Result<ProtocolLine> parse_protocol_line(std::string_view text, Timestamp default_time) {
    ProtocolLine line;
    std::string_view metric_name;
    if (PlainLine(text).read(line, metric_name)) {
        line.observation.metric = find_metric(metric_name);
        return checked(std::move(line), metric_name);
    }
    line = {};
    const json object = json::parse(text, nullptr, false);
    if (object.is_discarded() && text.starts_with('{'))
        return malformed("not valid JSON: a number must be finite, a text in double quotes");
    if (!object.is_object()) return malformed("not a JSON object");
    if (object.contains("commit")) {
        line.kind = ProtocolLine::Kind::commit;
        if (const std::string* cursor = text_of(object, "cursor")) line.cursor = *cursor;
        if (line.cursor.size() > cursor_limit)
            return malformed(fmt::format("\"cursor\" is longer than {} bytes: give a shorter one",
                                         cursor_limit));
        return line;
    }
    if (object.contains("problem")) {
        line.kind = ProtocolLine::Kind::problem;
        const std::string* message = text_of(object, "problem");
        if (!message) return malformed("\"problem\" must be a string");
        line.error.message = shortened(*message, message_limit);
        const std::string* kind = text_of(object, "kind");
        line.error.kind = kind ? parse_error_kind(*kind) : ErrorKind::failed;
        if (const std::string* subject = text_of(object, "subject"))
            line.subject = shortened(*subject, subject_limit);
        return line;
    }
    return parse_observation(object, default_time);
}

void LineSink::write_line(const ProtocolLine& line) {
    buffer_ += printable_json(to_json_line(line));  // somebody may run the collector by hand
    buffer_ += '\n';
    if (buffer_.size() > 64 * kib) flush();
}

void LineSink::write_observation(ProtocolLine::Kind kind, Observation observation) {
    if (std::string why = why_not_valid(observation); !why.empty())
        problem(observation.subject, {ErrorKind::malformed, std::move(why)});
    else
        write_line({kind, std::move(observation), {}, {}, {}});
}

void LineSink::add(Observation observation) {
    write_observation(ProtocolLine::Kind::observation, std::move(observation));
}

void LineSink::increment(Observation observation) {
    write_observation(ProtocolLine::Kind::increment, std::move(observation));
}

void LineSink::commit(std::string_view cursor) {
    write_line({ProtocolLine::Kind::commit, {}, std::string(cursor), {}, {}});
    flush();
}

void LineSink::problem(std::string_view subject, const Error& error) {
    write_line({ProtocolLine::Kind::problem,
                {},
                {},
                shortened(subject, subject_limit),
                {error.kind, shortened(error.message, message_limit)}});
}

void LineSink::flush() {
    const std::string text = std::exchange(buffer_, {});
    if (broken_ || write_all(fd_, text)) return;
    broken_ = true;
    if (failed_) failed_(errno);
}

}  // namespace lastgood
