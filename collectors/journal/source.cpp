#include "collectors/journal/source.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <systemd/sd-journal.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "core/clock.hpp"

namespace lastgood {

namespace {

Result<void> add_matches(sd_journal* journal) {
    for (const std::string_view program : journal_programs) {
        const std::string match = fmt::format("SYSLOG_IDENTIFIER={}", program);
        if (const int error = sd_journal_add_match(journal, match.data(), match.size()); error < 0)
            return cannot_read_journal(error);
    }
    if (const int error = sd_journal_add_match(journal, "_UID=0", 0); error < 0)
        return cannot_read_journal(error);
    return {};
}

}  // namespace

Result<JournalSource> JournalSource::open(const Host& host, const std::string& directory) {
    auto journal = open_journal(host, directory);
    if (!journal) return Failure(journal.error());
    JournalSource source(host);
    source.journal_ = std::move(*journal);
    if (!source.journal_) return source;
    if (const auto added = add_matches(source.journal_.get()); !added)
        return Failure(added.error());
    return source;
}

bool JournalSource::has_files() const {
    return has_journal_files(journal_);
}

Result<void> JournalSource::start(const std::string& cursor, Timestamp since) {
    cursor_ = cursor;
    at_start_ = !cursor.empty() && sd_journal_seek_cursor(journal_.get(), cursor.c_str()) >= 0;
    if (at_start_) return {};
    const auto microseconds = static_cast<uint64_t>(std::max(0.0, since) * 1e6);
    const int error = sd_journal_seek_realtime_usec(journal_.get(), microseconds);
    if (error < 0) return cannot_read_journal(error);
    return {};
}

Result<void> JournalSource::start_at_end() {
    const int error = sd_journal_seek_tail(journal_.get());
    if (error < 0) return cannot_read_journal(error);
    return {};
}

Result<bool> JournalSource::next(JournalEntry& entry) {
    int found = sd_journal_next(journal_.get());
    if (found > 0 && at_start_) {
        at_start_ = false;
        if (sd_journal_test_cursor(journal_.get(), cursor_.c_str()) > 0)
            found = sd_journal_next(journal_.get());
    }
    if (found < 0) return cannot_read_journal(found);
    if (found == 0) return false;
    read(entry);
    keep_cursor();
    return true;
}

Result<bool> JournalSource::previous(JournalEntry& entry) {
    const int found = sd_journal_previous(journal_.get());
    if (found < 0) return cannot_read_journal(found);
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
