// Reads files of observation lines from the inbox directory. Backup hooks, other hosts or scripts
// put them there, for things that lastgood cannot see.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "collectors/collector.hpp"
#include "core/bytes.hpp"
#include "core/descriptor.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t largest_file = mib;
constexpr size_t most_lines = 10'000;
constexpr size_t most_files = 1'000;
constexpr size_t most_problems = 20;  // of one file

bool is_inbox_name(std::string_view name) {
    if (name.starts_with('.')) return false;
    return name.ends_with(".jsonl") || name.ends_with(".json");
}

struct InboxFile {
    std::string text;
    Timestamp modified = 0;
};

Failure not_plain(const std::string& path) {
    return fail(
        ErrorKind::denied,
        fmt::format("{} is not read: it is not a plain file; write or rename the file itself "
                    "to this place, not a link to it",
                    path));
}

Failure too_large(const std::string& path) {
    return fail(
        ErrorKind::failed,
        fmt::format("{} is not read: it is larger than 1 MiB; split it into several files", path));
}

// Reads only files of root and of the directory's owner: other users with write access to the
// directory can replace a file, but cannot forge its owner.
Result<InboxFile> read_inbox_file(const Host& host, const std::string& path,
                                  uid_t directory_owner) {
    const auto found = host.status(path, false);
    if (!found) return Failure(found.error());
    if (found->kind != FileKind::regular) return not_plain(path);
    const auto opened = host.open(path, O_NOFOLLOW);
    if (!opened) return Failure(opened.error());
    const Descriptor file(*opened);
    struct stat status {};
    if (fstat(file.get(), &status) != 0)
        return fail(ErrorKind::failed, fmt::format("{}: {}", path, errno_text(errno)));
    if (!S_ISREG(status.st_mode)) return not_plain(path);  // replaced meanwhile
    if (status.st_uid != 0 && status.st_uid != directory_owner)
        return fail(ErrorKind::denied,
                    fmt::format("{} is not read: it belongs to user {}, but must belong to root or "
                                "to the directory's owner, user {}; change its owner",
                                path, status.st_uid, directory_owner));
    if (status.st_size > static_cast<off_t>(largest_file)) return too_large(path);
    InboxFile result;
    result.modified = static_cast<double>(status.st_mtim.tv_sec) +
                      static_cast<double>(status.st_mtim.tv_nsec) / 1e9;
    result.text.resize(largest_file + 1);
    size_t used = 0;
    while (used < result.text.size()) {
        const ssize_t count =
            ::read(file.get(), result.text.data() + used, result.text.size() - used);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0)
            return fail(ErrorKind::failed, fmt::format("{}: {}", path, errno_text(errno)));
        if (count == 0) break;
        used += static_cast<size_t>(count);
    }
    if (used > largest_file) return too_large(path);
    result.text.resize(used);
    return result;
}

// Only the agent itself may report on the host and its collectors.
bool may_come_by_inbox(const Metric& metric) {
    return metric.subject != SubjectKind::host && metric.subject != SubjectKind::collector;
}

Result<void> take_observation(Sink& sink, std::string_view line, Timestamp modified) {
    auto parsed = parse_protocol_line(line, modified);
    if (!parsed) return Failure(parsed.error());
    switch (parsed->kind) {
        case ProtocolLine::Kind::observation:
            if (!may_come_by_inbox(*parsed->observation.metric))
                return fail(ErrorKind::denied,
                            fmt::format("only lastgood itself reports {}; leave this line out",
                                        parsed->observation.metric->name));
            sink.add(std::move(parsed->observation));
            return {};
        case ProtocolLine::Kind::increment:
            return fail(
                ErrorKind::malformed,
                "an \"increment\" would count again each time the file is read; give the total "
                "as \"value\"");
        case ProtocolLine::Kind::commit:
            return fail(ErrorKind::malformed,
                        "\"commit\" is for streaming collectors; leave this line out");
        case ProtocolLine::Kind::problem:
            sink.problem(parsed->subject, parsed->error);
            return {};
    }
    return fail(ErrorKind::malformed, "not an observation, problem, increment or commit");
}

void take_file(Sink& sink, const std::string& path, const InboxFile& file) {
    std::string_view rest = file.text;
    size_t number = 0;
    size_t problems = 0;
    while (!rest.empty()) {
        std::string_view line = take_line(rest);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (++number > most_lines) {
            sink.problem(
                "",
                {ErrorKind::failed,
                 fmt::format("{}: only the first {} lines are read; split it into several files",
                             path, most_lines)});
            return;
        }
        if (consists_of(line, " \t")) continue;
        const auto taken = take_observation(sink, line, file.modified);
        if (taken) continue;
        if (++problems > most_problems) continue;
        sink.problem("", {taken.error().kind,
                          fmt::format("{}:{}: {}", path, number, taken.error().message)});
    }
    if (problems > most_problems)
        sink.problem("", {ErrorKind::malformed, fmt::format("{}: {} more lines are wrong", path,
                                                            problems - most_problems)});
}

Result<void> run(Context& context) {
    const std::string& directory = context.config.inbox_directory;
    if (directory.empty()) return {};
    const auto opened = context.host.open(directory, O_DIRECTORY);
    if (!opened) {
        if (opened.error().kind == ErrorKind::absent) return {};
        return Failure(opened.error());
    }
    uid_t owner = 0;
    {
        const Descriptor descriptor(*opened);
        struct stat status {};
        if (fstat(descriptor.get(), &status) != 0)
            return fail(ErrorKind::failed, fmt::format("{}: {}", directory, errno_text(errno)));
        owner = status.st_uid;
    }
    const auto names = context.host.list(directory);
    if (!names) return Failure(names.error());
    size_t files = 0;
    for (const auto& name : *names) {
        if (!is_inbox_name(name)) continue;
        if (++files > most_files) {
            context.sink.problem(
                "", {ErrorKind::failed,
                     fmt::format("{}: only the first {} files are read; delete old ones", directory,
                                 most_files)});
            break;
        }
        const std::string path = directory + "/" + name;
        const auto file = read_inbox_file(context.host, path, owner);
        if (file)
            take_file(context.sink, path, *file);
        else if (file.error().kind != ErrorKind::absent)  // absent: removed since it was listed
            context.sink.problem("", file.error());
    }
    return {};
}

}  // namespace

extern const Collector inbox_collector;
const Collector inbox_collector = {
    .name = "inbox",
    .summary = "Observations in the files of the inbox directory",
    .kind = CollectorKind::poll,
    .interval = 30,
    .deadline = 30,
    .run = run,
};

}  // namespace lastgood
