#include "agent/requests.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "collectors/collector.hpp"
#include "core/clock.hpp"
#include "core/files.hpp"
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
    const auto made = make_own_directory(directory, 0700);
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    // Their names sort as they were made.
    const std::string name = fmt::format("{:020.6f}-{}", wall_clock(), unguessable());
    auto left = made ? write_file(directory + "/" + name, text, Synced::no)
                     : Result<void>(Failure(made.error()));
    if (left || ::geteuid() == 0) return left;
    return fail(left.error().kind, left.error().message + "; run this as root");
}

// The text of a request that only this user and root could write.
Result<std::string> read_request(int directory, const std::string& name, const std::string& path) {
    const Descriptor file(
        ::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status {};
    if (file.get() < 0 || ::fstat(file.get(), &status) != 0)
        return fail(ErrorKind::failed, fmt::format("{}: {}", path, errno_text(errno)));
    if (!S_ISREG(status.st_mode)) return fail(ErrorKind::denied, path + " is no regular file");
    if (!is_own_or_root(status.st_uid))
        return fail(ErrorKind::denied, fmt::format("{} belongs to uid {}", path, status.st_uid));
    std::string text(request_limit + 1, '\0');
    const ssize_t length = ::read(file.get(), text.data(), text.size());
    if (length < 0) return fail(ErrorKind::failed, fmt::format("{}: {}", path, errno_text(errno)));
    if (static_cast<size_t>(length) > request_limit)
        return fail(ErrorKind::malformed,
                    fmt::format("{}: more than {} bytes", path, request_limit));
    text.resize(static_cast<size_t>(length));
    return text;
}

std::string why_not_a_record(const CopyRecord& record, Timestamp now) {
    if (record.what != record_verified && record.what != record_restored)
        return "records neither verified nor restored";
    if (record.backup.empty()) return "names no backup";
    if (!(record.at > 0) || record.at > now + 60) return "has no time that has passed";
    if (record.by.size() > record_note_limit || record.note.size() > record_note_limit)
        return "is too long";
    return {};
}

// Reads a request into `requests`; returns why it makes no sense, or "".
std::string take(std::string_view text, Requests& requests) {
    const auto next = [&] { return std::string(take_line(text)); };
    const std::string verb = next();
    if (verb == "forget") {
        const auto kind = parse_subject_kind(next());
        const std::string id = next();
        const bool is_stream = kind == SubjectKind::backup && contains(id, '/');
        if (!kind || id.empty() || !(find_inventory(*kind) || is_stream))
            return "names no drive, array or stream of a backup";
        requests.forget.emplace_back(*kind, id);
        return {};
    }
    if (verb == "revoke") {
        const std::string rule = next();
        if (!find_rule(rule)) return "names no rule";
        requests.revoke.emplace_back(rule, next());
        return {};
    }
    if (verb == "record") {
        CopyRecord one;
        one.what = next();
        one.backup = next();
        one.at = parse_number<double>(next()).value_or(0);
        one.by = next();
        one.note = next();
        if (std::string why = why_not_a_record(one, wall_clock()); !why.empty()) return why;
        requests.record.push_back(std::move(one));
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

Result<void> ask_to_record(const Config& config, const CopyRecord& record) {
    return leave(config, {"record", record.what, record.backup, fmt::format("{}", record.at),
                          record.by, record.note});
}

Requests take_requests(const Config& config) {
    Requests requests;
    const std::string directory = requests_directory(config);
    const auto opened = open_own_directory(directory);
    if (!opened) {
        if (opened.error().kind != ErrorKind::absent) requests.unreadable = opened.error().message;
        return requests;
    }
    const auto names = Host().list(fmt::format("/proc/self/fd/{}", opened->get()));
    if (!names) return requests;
    size_t taken = 0;
    for (const std::string& name : *names) {
        if (name.ends_with(".tmp")) continue;  // not complete yet
        if (taken == requests_at_once) break;
        const std::string path = directory + "/" + name;
        const auto text = read_request(opened->get(), name, path);
        // What cannot be removed, a directory, is not told every 15 s.
        if (::unlinkat(opened->get(), name.c_str(), 0) != 0) continue;
        ++taken;
        if (!text)
            requests.problems.push_back(text.error().message);
        else if (const std::string why = take(*text, requests); !why.empty())
            requests.problems.push_back(path + " " + why);
    }
    return requests;
}

}  // namespace lastgood
