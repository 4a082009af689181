#include "agent/requests.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "collectors/collector.hpp"
#include "core/clock.hpp"
#include "core/host.hpp"
#include "core/report.hpp"
#include "core/text.hpp"
#include "rules/accept.hpp"

namespace lastgood {

namespace {

constexpr size_t request_limit = 4096;  // bytes
constexpr size_t requests_at_once = 100;

// A request is a verb and its arguments, one on each line.
Result<void> leave(const Config& config, const std::vector<std::string>& lines) {
    const std::string directory = requests_directory(config);
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
        return fail(
            errno == EACCES ? ErrorKind::denied : ErrorKind::failed,
            fmt::format("cannot create {}: {}; run this as root", directory, errno_text(errno)));
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    auto left = write_file(fmt::format("{}/{}", directory, ::getpid()), text, Synced::no);
    if (!left && ::access(directory.c_str(), W_OK) != 0)
        return fail(left.error().kind, left.error().message + "; run this as root");
    return left;
}

// Reads a request into `requests`; returns why it makes no sense, or "".
std::string take(std::string_view text, Requests& requests) {
    const auto next = [&] { return std::string(take_line(text)); };
    const std::string verb = next();
    if (verb == "forget") {
        const auto kind = parse_subject_kind(next());
        const std::string id = next();
        if (!kind || !find_inventory(*kind) || id.empty()) return "names no drive or array";
        requests.forget.emplace_back(*kind, id);
        return {};
    }
    if (verb == "revoke") {
        const std::string rule = next();
        if (!find_rule(rule)) return "names no rule";
        requests.revoke.emplace_back(rule, next());
        return {};
    }
    if (verb != "accept") return "is no request";
    Acceptance one;
    one.rule = next();
    one.kind = parse_subject_kind(next()).value_or(SubjectKind::host);
    one.subject = next();
    one.until = parse_number<double>(next()).value_or(0);
    one.up_to = parse_number<double>(next());
    one.by = next();
    one.reason = next();
    if (std::string why = why_not_acceptable(one, wall_clock()); !why.empty()) return why;
    requests.accept.push_back(std::move(one));
    return {};
}

}  // namespace

std::string why_not_acceptable(const Acceptance& acceptance, Timestamp now) {
    const Rule* rule = find_rule(acceptance.rule);
    if (!rule || rule->prometheus_only)
        return fmt::format("there is no rule \"{}\"", acceptance.rule);
    if (rule->subject != acceptance.kind)
        return fmt::format("{} is a rule of kind {}, not {}", rule->name, to_string(rule->subject),
                           to_string(acceptance.kind));
    if (is_accepted_by_value(*rule) != acceptance.up_to.has_value() ||
        (acceptance.up_to && !std::isfinite(*acceptance.up_to)))
        return fmt::format("an acceptance of {} {}", rule->name,
                           is_accepted_by_value(*rule) ? "needs up_to, the value that you accept"
                                                       : "has no up_to");
    if (!(acceptance.until > now)) return "it has ended already";
    const Seconds limit = acceptance_limit_of(*rule);
    if (acceptance.until > now + limit + 60)  // s; the request was written a moment ago
        return fmt::format("{} can be accepted for {} at most", rule->name, format_duration(limit));
    if (acceptance.reason.empty()) return "it needs a reason";
    return {};
}

Result<void> ask_to_forget(const Config& config, SubjectKind kind, const std::string& subject) {
    return leave(config, {"forget", std::string(to_string(kind)), subject});
}

Result<void> ask_to_accept(const Config& config, const Acceptance& one) {
    return leave(config, {"accept", one.rule, std::string(to_string(one.kind)), one.subject,
                          fmt::format("{}", one.until),
                          one.up_to ? fmt::format("{}", *one.up_to) : "", one.by, one.reason});
}

Result<void> ask_to_revoke(const Config& config, const std::string& rule,
                           const std::string& subject) {
    return leave(config, {"revoke", rule, subject});
}

Requests take_requests(const Config& config) {
    Requests requests;
    const std::string directory = requests_directory(config);
    const Host here;
    const auto names = here.list(directory);
    if (!names) return requests;
    size_t taken = 0;
    for (const std::string& name : *names) {
        if (name.ends_with(".tmp")) continue;  // not complete yet
        if (++taken > requests_at_once) break;
        const std::string path = directory + "/" + name;
        const auto text = here.read(path, request_limit);
        ::unlink(path.c_str());
        if (!text)
            requests.problems.push_back(text.error().message);
        else if (const std::string why = take(*text, requests); !why.empty())
            requests.problems.push_back(path + " " + why);
    }
    return requests;
}

}  // namespace lastgood
