// Opens the files of systemd's journal (sd-journal(3)) for the rooms that read it.
#pragma once

#include <memory>
#include <string>

#include "core/host.hpp"
#include "core/result.hpp"

struct sd_journal;

namespace lastgood {

struct CloseJournal {
    void operator()(sd_journal* journal) const;
};
using OpenJournal = std::unique_ptr<sd_journal, CloseJournal>;

// The system's journal of this machine; the files of users, other machines and other namespaces
// are not opened. `directory` holds the files; empty: /var/log/journal and /run/log/journal, of a
// recorded host those below its root. nullptr: there is no journal. Fields longer than 4 KiB are
// cut. Errors: denied, if files exist and none may be read; failed. Blocks as long as the disk of
// the journal does.
Result<OpenJournal> open_journal(const Host& host, const std::string& directory);

bool has_journal_files(const OpenJournal& journal);

Failure cannot_read_journal(int error);  // a negative errno

}  // namespace lastgood
