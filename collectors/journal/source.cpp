#include "collectors/journal/source.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <systemd/sd-journal.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "core/bytes.hpp"
#include "core/clock.hpp"

namespace lastgood {

namespace {

// Longer fields are cut, so that no large one is unpacked.
constexpr size_t longest_field = 4 * kib;

Failure cannot_read(int error) {
    return fail(ErrorKind::failed, fmt::format("cannot read the journal: {}", errno_text(-error)));
}

// sd-journal(3) leaves out what it may not read without a word.
bool is_denied(const Host& host, const std::string& directory) {
    const auto names = host.list(directory);
    if (!names) return names.error().kind == ErrorKind::denied;
    return std::ranges::any_of(*names, [&](const std::string& name) {
        const std::string path = fmt::format("{}/{}", directory, name);
        const std::string file =
            name.ends_with(".journal") ? path : fmt::format("{}/system.journal", path);
        const auto opened = host.open(file);
        if (!opened) return opened.error().kind == ErrorKind::denied;
        const Descriptor close(*opened);
        return false;
    });
}

Result<void> add_matches(sd_journal* journal) {
    for (const std::string_view program : journal_programs) {
        const std::string match = fmt::format("SYSLOG_IDENTIFIER={}", program);
        if (const int error = sd_journal_add_match(journal, match.data(), match.size()); error < 0)
            return cannot_read(error);
    }
    if (const int error = sd_journal_add_match(journal, "_UID=0", 0); error < 0)
        return cannot_read(error);
    return {};
}

}  // namespace

void JournalSource::Close::operator()(sd_journal* journal) const {
    sd_journal_close(journal);
}

Result<JournalSource> JournalSource::open(const Host& host, const std::string& directory) {
    JournalSource source(host);
    sd_journal* journal = nullptr;
    int error = 0;
    if (!directory.empty())
        error = sd_journal_open_directory(
            &journal, host.recorded() ? (host.root() + directory).c_str() : directory.c_str(),
            SD_JOURNAL_SYSTEM);
    else if (host.recorded())
        error = sd_journal_open_directory(&journal, host.root().c_str(),
                                          SD_JOURNAL_OS_ROOT | SD_JOURNAL_SYSTEM);
    else
        error = sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
    if (error == -ENOENT) return source;
    if (error < 0) return cannot_read(error);
    source.journal_.reset(journal);
    // Before the first entry is read, so that no later one is missed.
    if (!host.recorded()) {
        if (const int fd = sd_journal_get_fd(journal); fd < 0) return cannot_read(fd);
    }
    if (!source.has_files()) {
        const bool denied = directory.empty() ? is_denied(host, "/var/log/journal") ||
                                                    is_denied(host, "/run/log/journal")
                                              : is_denied(host, directory);
        if (denied)
            return fail(ErrorKind::denied,
                        "the journal: permission denied; run as root or as a member of the group "
                        "systemd-journal");
    }
    sd_journal_set_data_threshold(journal, longest_field);
    if (const auto added = add_matches(journal); !added) return Failure(added.error());
    return source;
}

bool JournalSource::has_files() const {
    uint64_t bytes = 0;
    return journal_ && sd_journal_get_usage(journal_.get(), &bytes) >= 0 && bytes > 0;
}

Result<void> JournalSource::start(const std::string& cursor, Timestamp since) {
    cursor_ = cursor;
    at_start_ = !cursor.empty() && sd_journal_seek_cursor(journal_.get(), cursor.c_str()) >= 0;
    if (at_start_) return {};
    const auto microseconds = static_cast<uint64_t>(std::max(0.0, since) * 1e6);
    const int error = sd_journal_seek_realtime_usec(journal_.get(), microseconds);
    if (error < 0) return cannot_read(error);
    return {};
}

Result<void> JournalSource::start_at_end() {
    const int error = sd_journal_seek_tail(journal_.get());
    if (error < 0) return cannot_read(error);
    return {};
}

Result<bool> JournalSource::next(JournalEntry& entry) {
    int found = sd_journal_next(journal_.get());
    if (found > 0 && at_start_) {
        at_start_ = false;
        if (sd_journal_test_cursor(journal_.get(), cursor_.c_str()) > 0)
            found = sd_journal_next(journal_.get());
    }
    if (found < 0) return cannot_read(found);
    if (found == 0) return false;
    read(entry);
    keep_cursor();
    return true;
}

Result<bool> JournalSource::previous(JournalEntry& entry) {
    const int found = sd_journal_previous(journal_.get());
    if (found < 0) return cannot_read(found);
    if (found == 0) return false;
    read(entry);
    return true;
}

// A field that is absent or damaged is left out.
void JournalSource::read(JournalEntry& entry) const {
    entry = {};
    for (const char* name : JournalFields::names) {
        const void* data = nullptr;
        size_t size = 0;
        if (sd_journal_get_data(journal_.get(), name, &data, &size) >= 0)
            entry.fields.add({static_cast<const char*>(data), size});
    }
    uint64_t microseconds = 0;
    if (sd_journal_get_realtime_usec(journal_.get(), &microseconds) >= 0)
        entry.time = static_cast<double>(microseconds) * 1e-6;
    entry.time = std::min(entry.time, host_->now());
    sd_id128_t boot{};
    if (sd_journal_get_monotonic_usec(journal_.get(), &microseconds, &boot) >= 0) {
        char text[SD_ID128_STRING_MAX];
        entry.boot = sd_id128_to_string(boot, text);
    }
}

void JournalSource::keep_cursor() {
    char* text = nullptr;
    if (sd_journal_get_cursor(journal_.get(), &text) >= 0) cursor_ = text;
    free(text);
}

bool JournalSource::wait(Seconds timeout) {
    if (!journal_) {
        poll(nullptr, 0, static_cast<int>(std::ceil(std::max(0.0, timeout) * 1000)));
        return false;
    }
    const int fd = sd_journal_get_fd(journal_.get());
    const int events = sd_journal_get_events(journal_.get());
    uint64_t until = UINT64_MAX;  // of CLOCK_MONOTONIC; network filesystems signal no change
    if (sd_journal_get_timeout(journal_.get(), &until) >= 0 && until != UINT64_MAX) {
        const Seconds left = static_cast<double>(until) * 1e-6 - monotonic_clock();
        timeout = std::min(timeout, std::max(left, 1.0));
    }
    pollfd descriptor{fd, static_cast<short>(events < 0 ? POLLIN : events), 0};
    const int ready = poll(&descriptor, fd < 0 ? 0 : 1,
                           static_cast<int>(std::ceil(std::max(0.0, timeout) * 1000)));
    return sd_journal_process(journal_.get()) > 0 || ready > 0;
}

}  // namespace lastgood
