#include "collectors/journal_files.hpp"

#include <fmt/core.h>
#include <systemd/sd-journal.h>

#include <algorithm>
#include <cstdint>

#include "core/bytes.hpp"

namespace lastgood {

namespace {

// So that no large field is unpacked.
constexpr size_t longest_field = 4 * kib;

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

int open_files(const Host& host, const std::string& directory, sd_journal*& journal) {
    if (!directory.empty())
        return sd_journal_open_directory(
            &journal, host.recorded() ? (host.root() + directory).c_str() : directory.c_str(),
            SD_JOURNAL_SYSTEM);
    if (host.recorded())
        return sd_journal_open_directory(&journal, host.root().c_str(),
                                         SD_JOURNAL_OS_ROOT | SD_JOURNAL_SYSTEM);
    return sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
}

}  // namespace

void CloseJournal::operator()(sd_journal* journal) const {
    sd_journal_close(journal);
}

Failure cannot_read_journal(int error) {
    return fail(ErrorKind::failed, fmt::format("cannot read the journal: {}", errno_text(-error)));
}

bool has_journal_files(const OpenJournal& journal) {
    uint64_t bytes = 0;
    return journal && sd_journal_get_usage(journal.get(), &bytes) >= 0 && bytes > 0;
}

Result<OpenJournal> open_journal(const Host& host, const std::string& directory) {
    sd_journal* opened = nullptr;
    const int error = open_files(host, directory, opened);
    if (error == -ENOENT) return OpenJournal();
    if (error < 0) return cannot_read_journal(error);
    OpenJournal journal(opened);
    // Watched before the first entry is read, so that no later one is missed.
    if (!host.recorded()) {
        if (const int fd = sd_journal_get_fd(opened); fd < 0) return cannot_read_journal(fd);
    }
    if (!has_journal_files(journal)) {
        const bool denied = directory.empty() ? is_denied(host, "/var/log/journal") ||
                                                    is_denied(host, "/run/log/journal")
                                              : is_denied(host, directory);
        if (denied)
            return fail(ErrorKind::denied,
                        "the journal: permission denied; run as root or as a member of the group "
                        "systemd-journal");
    }
    sd_journal_set_data_threshold(opened, longest_field);
    return journal;
}

}  // namespace lastgood
