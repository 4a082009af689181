#include "collectors/backups/probe.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "collectors/backups/parse/decompressor.hpp"
#include "collectors/backups/parse/promised_content.hpp"
#include "core/bytes.hpp"
#include "core/descriptor.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr uint64_t largest_read = 256 * mib;  // bytes of the file as it lies there
// Of a bomb they become some 4 GiB, which takes seconds; only then the clock is looked at again.
constexpr size_t unpacked_at_once = 4 * kib;
constexpr uint64_t most_content = uint64_t{64} * gib;  // stops decompression bombs
constexpr size_t most_remembered = 10'000;

// fcntl(2) refuses a read lease with EAGAIN while any process of this host has the file open for
// writing. It refuses with other errors on network filesystems and for files of other users; they
// do not prove a writer.
bool has_writer(int fd) {
    // A process that opens the file for writing now breaks the lease: the kernel sends us SIGIO,
    // which would end this process.
    sigset_t io_signal;
    sigset_t before;
    sigemptyset(&io_signal);
    sigaddset(&io_signal, SIGIO);
    if (pthread_sigmask(SIG_BLOCK, &io_signal, &before) != 0) return false;
    const bool refused = fcntl(fd, F_SETLEASE, F_RDLCK) != 0 && errno == EAGAIN;
    if (!refused) fcntl(fd, F_SETLEASE, F_UNLCK);
    const timespec at_once{};
    while (sigtimedwait(&io_signal, nullptr, &at_once) > 0) {
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return refused;
}

// Fewer bytes at the end of the file, and on an error, which then stands in `error` (errno).
std::string read_at(int fd, uint64_t offset, size_t length, int& error) {
    std::string bytes(length, '\0');
    size_t got = 0;
    while (got < length) {
        const ssize_t count =
            pread(fd, bytes.data() + got, length - got, static_cast<off_t>(offset + got));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) error = errno;
        if (count <= 0) break;
        got += static_cast<size_t>(count);
    }
    bytes.resize(got);
    return bytes;
}

void be_incomplete(ProbeResult& result, std::string_view reason) {
    result.state = Completeness::incomplete;
    result.reason = reason;
}

// The packed stream ends as it should, but not all of its content was seen: a dump that was killed
// may be in it.
void leave_packed(ProbeResult& result, std::string_view why) {
    result.state = Completeness::unknown;
    if (result.reason.empty()) result.reason = fmt::format("it was not unpacked: {}", why);
}

void note_promise(std::string_view broken, ProbeResult& result) {
    if (broken.empty()) return;
    result.state = Completeness::unknown;
    result.reason = broken;
    result.breaks_promise = true;
}

void unpack(const Host& host, int fd, std::string_view name, uint64_t size, Seconds give_up_at,
            ProbeResult& result) {
    const auto decompressor = make_decompressor(result.format);
    if (decompressor == nullptr) return;
    if (size > largest_read) return leave_packed(result, "it is too large");
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    for (uint64_t offset = 0; offset < size;) {
        if (host.monotonic() > give_up_at) {
            result.in_haste = true;
            return leave_packed(result, "no time was left");
        }
        int error = 0;
        const std::string piece = read_at(fd, offset, unpacked_at_once, error);
        if (piece.empty()) {
            result.state = Completeness::unknown;
            result.reason = "the file could not be read to its end";
            return;
        }
        offset += piece.size();
        if (const bool good = decompressor->feed(piece);
            !good && !decompressor->obstacle().empty()) {
            return leave_packed(result, decompressor->obstacle());
        } else if (!good) {
            return be_incomplete(result, "the compressed data is damaged");
        }
        if (decompressor->produced() > most_content)
            return leave_packed(result, "its content is too large");
    }
    if (!decompressor->ended())
        return be_incomplete(result, "the compressed data ends too early: the file is truncated");
    if (decompressor->produced() == 0) return be_incomplete(result, "the compressed file is empty");
    result.state = Completeness::complete;
    result.reason.clear();
    const auto content =
        judge_content(decompressor->head(), decompressor->tail(), decompressor->produced());
    if (content.state == Completeness::incomplete) return be_incomplete(result, content.reason);
    if (const auto fault = decompressor->scan().fault(); !fault.empty())
        return be_incomplete(result, fault);
    if (content.state == Completeness::unknown && content.format.empty())
        note_promise(broken_promise_within(name, decompressor->head()), result);
}

// Its ends are those of a whole dump; one that did not finish may stand between them.
void read_dumps(const Host& host, int fd, uint64_t size, Seconds give_up_at, ProbeResult& result) {
    if (size > largest_read) return;
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    SqlDumps dumps;
    for (uint64_t offset = 0; offset < size;) {
        result.in_haste = host.monotonic() > give_up_at;
        if (result.in_haste) return;
        int error = 0;
        const std::string piece = read_at(fd, offset, 256 * kib, error);
        if (piece.empty()) return;
        dumps.feed(piece);
        offset += piece.size();
    }
    if (dumps.unfinished()) be_incomplete(result, dump_unfinished);
}

std::string identity_of(const FileStatus& status) {
    return fmt::format("{} {:.9f} {:.9f} {}", status.size, status.modified, status.changed,
                       status.inode);
}

}  // namespace

Result<ProbeResult> probe_file(const Host& host, const std::string& path, Depth depth,
                               Seconds give_up_at) {
    auto opened = host.open_file(path);
    if (!opened) return Failure(opened.error());
    const Descriptor file(*opened);
    struct stat status {};
    if (fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
        return fail(ErrorKind::failed, fmt::format("{}: not a regular file", path));
    ProbeResult result;
    if (!host.recorded() && has_writer(file.get())) {
        result.being_written = true;
        return result;
    }
    const auto size = static_cast<uint64_t>(status.st_size);
    int error = 0;
    const auto verdict = judge_ends(size, [&](uint64_t offset, size_t length) {
        return read_at(file.get(), offset, length, error);
    });
    // What could not be read is not missing.
    if (error != 0) return fail(ErrorKind::failed, fmt::format("{}: {}", path, errno_text(error)));
    result.state = verdict.state;
    result.format = verdict.format;
    result.reason = verdict.reason;
    if (depth == Depth::whole && verdict.state != Completeness::incomplete &&
        is_compression(verdict.format))
        unpack(host, file.get(), last_component(path), size, give_up_at, result);
    if (depth == Depth::whole && verdict.state == Completeness::complete && is_sql(verdict.format))
        read_dumps(host, file.get(), size, give_up_at, result);
    if (verdict.state == Completeness::unknown && verdict.format.empty())
        note_promise(broken_promise(last_component(path), read_at(file.get(), 0, 2 * kib, error)),
                     result);
    return result;
}

ProbeMemory::ProbeMemory(const Host& host, const std::string& runtime_directory,
                         const std::string& backup)
    : document_(host, runtime_directory, backup) {
    for (const auto& [file, value] : document_.content().items()) {
        if (!value.is_array() || value.size() != 6 || !value[0].is_string() ||
            !value[1].is_boolean() || !value[2].is_number_integer() || !value[3].is_string() ||
            !value[4].is_string() || !value[5].is_boolean())
            continue;
        Entry entry;
        entry.identity = value[0].get<std::string>();
        entry.depth = value[1].get<bool>() ? Depth::whole : Depth::ends;
        const auto state = value[2].get<int64_t>();
        if (state < 0 || state > 2) continue;
        entry.result.state = static_cast<Completeness>(state);
        entry.result.format = value[3].get<std::string>();
        entry.result.reason = value[4].get<std::string>();
        entry.result.breaks_promise = value[5].get<bool>();
        entries_.emplace(file, std::move(entry));
    }
}

std::optional<ProbeResult> ProbeMemory::find(const std::string& path, const FileStatus& status,
                                             Depth depth) const {
    const auto found = entries_.find(path);
    if (found == entries_.end() || found->second.identity != identity_of(status))
        return std::nullopt;
    if (depth == Depth::whole && found->second.depth == Depth::ends) return std::nullopt;
    found->second.used = true;
    return found->second.result;
}

void ProbeMemory::keep(const std::string& path, const FileStatus& status, Depth depth,
                       const ProbeResult& result) {
    if (!document_.usable() || result.in_haste) return;
    Entry& entry = entries_[path];
    entry = {identity_of(status), depth, result, true};
    changed_ = true;
}

void ProbeMemory::save() {
    if (!document_.usable() || !changed_) return;
    auto document = nlohmann::json::object();
    for (const auto& [file, entry] : entries_) {
        if (!entry.used || document.size() >= most_remembered) continue;
        document[file] = {
            entry.identity,      entry.depth == Depth::whole, static_cast<int>(entry.result.state),
            entry.result.format, entry.result.reason,         entry.result.breaks_promise};
    }
    // On failure the next run reads the backups again.
    static_cast<void>(document_.write(document));
}

}  // namespace lastgood
