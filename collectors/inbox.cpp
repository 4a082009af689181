// Reads files of observation lines from the inbox directory. Backup hooks, other hosts or scripts
// put them there, for things that lastgood cannot see.
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <utility>
#include <vector>

#include "collectors/collector.hpp"
#include "core/bytes.hpp"
#include "core/clock.hpp"
#include "core/descriptor.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "core/words.hpp"

namespace lastgood {

namespace {

constexpr size_t largest_file = mib;
constexpr size_t most_files = 1'000;
constexpr size_t longest_line = 64 * kib;
// Of one file, and of all together. The sums stay below what the agent takes of one run, in bytes
// and in lines: beyond that it would stop this collector, whichever file it is reading.
constexpr size_t most_lines = 10'000, most_lines_of_all = 40'000;
constexpr size_t most_bytes_of_all = 12 * mib;
constexpr size_t most_faults = 20, most_faults_of_all = 48;        // of lines and files
constexpr size_t most_reported = 100, most_reported_of_all = 500;  // "problem" lines
constexpr size_t longest_reason = 500;                             // bytes

bool is_inbox_name(std::string_view name) {
    if (name.starts_with('.')) return false;
    return name.ends_with(".jsonl") || name.ends_with(".json");
}

// One file and what came of it. Its faults are its own.
struct InboxFile {
    std::string path;
    size_t size = 0;  // when it was listed
    std::string text;
    Timestamp modified = 0;
    std::vector<Error> faults;
    size_t more_faults = 0;
    std::vector<std::pair<std::string, Error>> reported;  // subject, problem
    size_t more_reported = 0;

    void add_fault(ErrorKind kind, const std::string& message) {
        if (faults.size() < most_faults)
            faults.push_back({kind, shortened(message, longest_reason)});
        else
            ++more_faults;
    }
    // Of the file as a whole: before those of its lines.
    void add_first(ErrorKind kind, std::string message) {
        faults.insert(faults.begin(), {kind, std::move(message)});
        if (faults.size() <= most_faults) return;
        faults.pop_back();
        ++more_faults;
    }
};

// Shares `all` among those who want something: who wants less than an equal share gets it whole,
// the others share the rest equally. Returns what each gets.
std::vector<size_t> fair_shares(const std::vector<size_t>& wanted, size_t all) {
    std::vector<size_t> order(wanted.size()), shares(wanted.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::sort(order, {}, [&](size_t i) { return wanted[i]; });
    size_t left = order.size();
    for (const size_t i : order) {
        shares[i] = std::min(wanted[i], all / left--);
        all -= shares[i];
    }
    return shares;
}

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

Result<Descriptor> open_inbox_file(const Host& host, const std::string& path,
                                   uid_t directory_owner) {
    const auto found = host.status(path, false);
    if (!found) return Failure(found.error());
    if (found->kind != FileKind::regular) return not_plain(path);
    const auto opened = host.open(path, O_NOFOLLOW);
    if (!opened) return Failure(opened.error());
    Descriptor file(*opened);
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
    return file;
}

// When the file was written; not in the future, where a program that copies times may have put it:
// it would be fresh for ever.
Timestamp written_at(const struct stat& status, Timestamp now) {
    const Timestamp modified = to_seconds(status.st_mtim), changed = to_seconds(status.st_ctim);
    return std::max(0.0, modified <= now ? modified : std::min(changed, now));
}

// Reads only files of root and of the directory's owner: other users with write access to the
// directory can replace a file, but cannot forge its owner. Reads at most `share` bytes.
Result<void> read_inbox_file(const Host& host, InboxFile& one, size_t share,
                             uid_t directory_owner) {
    const auto file = open_inbox_file(host, one.path, directory_owner);
    if (!file) return Failure(file.error());
    struct stat status {};
    ::fstat(file->get(), &status);
    one.modified = written_at(status, host.now());
    one.text.resize(share + 1);  // one more byte shows that there is more
    size_t used = 0;
    while (used < one.text.size()) {
        const ssize_t count = ::read(file->get(), one.text.data() + used, one.text.size() - used);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0)
            return fail(ErrorKind::failed, fmt::format("{}: {}", one.path, errno_text(errno)));
        if (count == 0) break;
        used += static_cast<size_t>(count);
    }
    one.text.resize(used);
    if (used > largest_file) return too_large(one.path);
    if (used <= share) return {};
    one.text.resize(one.text.rfind('\n', share) + 1);  // npos + 1: no whole line
    if (share < one.size)  // else it has grown since it was listed; the next run reads the rest
        one.add_first(
            ErrorKind::failed,
            fmt::format("{}: only the first {} bytes are read, because all files together "
                        "are larger than 12 MiB; delete old ones",
                        one.path, one.text.size()));
    return {};
}

// Only the agent itself may report on the host and its collectors.
bool may_come_by_inbox(const Metric& metric) {
    return metric.subject != SubjectKind::host && metric.subject != SubjectKind::collector;
}

Result<void> take_observation(Sink& sink, std::string_view line, InboxFile& file) {
    auto parsed = parse_protocol_line(line, file.modified);
    if (!parsed) return Failure(parsed.error());
    switch (parsed->kind) {
        case ProtocolLine::Kind::observation:
            if (!may_come_by_inbox(*parsed->observation.metric))
                return fail(ErrorKind::denied,
                            fmt::format("only lastgood itself reports {}; leave this line out",
                                        parsed->observation.metric->name));
            // Not younger than the file that holds it: from the future it would be fresh for ever.
            parsed->observation.observed_at =
                std::min(parsed->observation.observed_at, file.modified);
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
            if (file.reported.size() < most_reported)
                file.reported.emplace_back(std::move(parsed->subject), std::move(parsed->error));
            else
                ++file.more_reported;
            return {};
    }
    return fail(ErrorKind::malformed, "not an observation, problem, increment or commit");
}

void take_file(Sink& sink, InboxFile& file, size_t share) {
    std::string_view rest = file.text;
    for (size_t number = 1; !rest.empty(); ++number) {
        std::string_view line = take_line(rest);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (number > share) {
            const std::string why =
                share < most_lines ? ", because all files together have more than 40000 lines; "
                                     "delete old ones"
                                   : "; split it into several files";
            return file.add_first(
                ErrorKind::failed,
                fmt::format("{}: only the first {} lines are read{}", file.path, share, why));
        }
        if (consists_of(line, " \t")) continue;
        if (line.size() > longest_line) {
            file.add_fault(ErrorKind::malformed,
                           fmt::format("{}:{}: longer than 64 KiB", file.path, number));
            continue;
        }
        const auto taken = take_observation(sink, line, file);
        if (!taken)
            file.add_fault(taken.error().kind,
                           fmt::format("{}:{}: {}", file.path, number, taken.error().message));
    }
}

// Tells of each file as many faults as are its share, and how many more there are.
void tell_faults(Sink& sink, const std::vector<InboxFile>& files) {
    std::vector<size_t> wanted;
    wanted.reserve(files.size());
    for (const InboxFile& file : files)
        wanted.push_back(file.faults.size() + std::min<size_t>(file.more_faults, 1));
    const std::vector<size_t> shares = fair_shares(wanted, most_faults_of_all);
    size_t silent = 0;
    for (size_t i = 0; i < files.size(); ++i) {
        const InboxFile& file = files[i];
        const size_t all = file.faults.size() + file.more_faults;
        if (all == 0) continue;
        if (shares[i] == 0) {
            ++silent;
            continue;
        }
        const bool fits = file.more_faults == 0 && all <= shares[i];
        const size_t shown = fits ? all : std::max<size_t>(shares[i] - 1, 1);
        for (size_t at = 0; at < shown; ++at) sink.problem("", file.faults[at]);
        if (shown < all && shares[i] > 1)
            sink.problem(
                "", {ErrorKind::malformed, fmt::format("{}: {}", file.path,
                                                       counted(all - shown, "more line is wrong",
                                                               "more lines are wrong"))});
    }
    if (silent > 0)
        sink.problem("", {ErrorKind::malformed, fmt::format("{}, which are not named here",
                                                            counted(silent, "more file has faults",
                                                                    "more files have faults"))});
}

// Leaves of each file as many reported problems as are its share.
void limit_reported(std::vector<InboxFile>& files) {
    std::vector<size_t> wanted;
    wanted.reserve(files.size());
    for (const InboxFile& file : files) wanted.push_back(file.reported.size());
    const std::vector<size_t> shares = fair_shares(wanted, most_reported_of_all);
    for (size_t i = 0; i < files.size(); ++i) {
        InboxFile& file = files[i];
        const size_t more = file.reported.size() - shares[i] + file.more_reported;
        file.reported.resize(shares[i]);
        if (more == 0) continue;
        file.add_first(ErrorKind::failed,
                       fmt::format("{}: reports {}, not shown here", file.path,
                                   counted(more, "more problem", "more problems")));
    }
}

// The files in the order of their names; `directory` cannot be read: an error.
Result<std::vector<InboxFile>> list_files(const Host& host, const std::string& directory,
                                          Sink& sink) {
    const auto names = host.list(directory);
    if (!names) return Failure(names.error());
    std::vector<InboxFile> files;
    for (const auto& name : *names) {
        if (!is_inbox_name(name)) continue;
        if (files.size() == most_files) {
            sink.problem("", {ErrorKind::failed,
                              fmt::format("{}: only the first {} files are read; delete old ones",
                                          directory, most_files)});
            break;
        }
        InboxFile& file = files.emplace_back();
        file.path = directory + "/" + name;
        const auto status = host.status(file.path, false);
        // One that is too large is not read at all.
        if (status && status->size <= static_cast<double>(largest_file))
            file.size = static_cast<size_t>(status->size);
    }
    return files;
}

Result<void> run(Context& context) {
    const std::string& directory = context.config.inbox_directory;
    if (directory.empty()) return {};
    const auto opened = context.host.open(directory, O_DIRECTORY);
    if (!opened) {
        if (opened.error().kind != ErrorKind::absent) return Failure(opened.error());
        if (!context.host.exists(directory)) return {};
        return fail(ErrorKind::failed, fmt::format("{} is no directory", directory));
    }
    uid_t owner = 0;
    {
        const Descriptor descriptor(*opened);
        struct stat status {};
        if (fstat(descriptor.get(), &status) != 0)
            return fail(ErrorKind::failed, fmt::format("{}: {}", directory, errno_text(errno)));
        owner = status.st_uid;
    }
    auto files = list_files(context.host, directory, context.sink);
    if (!files) return Failure(files.error());
    std::vector<size_t> wanted;
    for (const InboxFile& file : *files) wanted.push_back(file.size);
    std::vector<size_t> shares = fair_shares(wanted, most_bytes_of_all);
    for (size_t i = 0; i < files->size(); ++i) {
        InboxFile& file = (*files)[i];
        const auto read = read_inbox_file(context.host, file, shares[i], owner);
        wanted[i] = 0;
        if (!read) {
            file.text.clear();
            // absent: removed since it was listed
            if (read.error().kind != ErrorKind::absent)
                file.add_fault(read.error().kind, read.error().message);
            continue;
        }
        const auto lines = static_cast<size_t>(std::ranges::count(file.text, '\n'));
        wanted[i] = std::min(lines + 1, most_lines);
    }
    shares = fair_shares(wanted, most_lines_of_all);
    for (size_t i = 0; i < files->size(); ++i) take_file(context.sink, (*files)[i], shares[i]);
    limit_reported(*files);
    tell_faults(context.sink, *files);
    for (const InboxFile& file : *files)
        for (const auto& [subject, error] : file.reported) context.sink.problem(subject, error);
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
