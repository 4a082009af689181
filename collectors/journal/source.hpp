// Reads systemd's journal by libsystemd (sd-journal(3)).
#pragma once

#include <string>

#include "collectors/journal/parse/fields.hpp"
#include "collectors/journal_files.hpp"
#include "core/host.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace lastgood {

struct JournalEntry {
    JournalFields fields;
    Timestamp time = 0;  // when journald received it; of the present at the latest
    std::string boot;    // 32 hexadecimal digits
};

// The entries of journal_programs that root's processes wrote to the system's journal; files of
// users, other machines and other namespaces are not opened. Not thread-safe. Reading blocks as
// long as the disk of the journal does.
class JournalSource {
  public:
    // `directory` holds the files of a journal; empty: this host's, in /var/log/journal and
    // /run/log/journal, of a recorded host those below its root. A journal that does not exist has
    // no files. Errors: denied, if files exist and none may be read; failed.
    static Result<JournalSource> open(const Host& host, const std::string& directory);

    bool has_files() const;

    // Goes to the first entry behind `cursor`; with an empty or unusable one to the first entry not
    // older than `since`.
    Result<void> start(const std::string& cursor, Timestamp since);
    // Goes to the end; previous() then reads towards the beginning.
    Result<void> start_at_end();

    // False: there is no further entry now.
    Result<bool> next(JournalEntry& entry);
    Result<bool> previous(JournalEntry& entry);

    // Of the entry that next() returned last; else what start() was given.
    const std::string& cursor() const { return cursor_; }

    // Blocks until the journal changes, by any program's entry, or for `timeout` seconds. True: it
    // changed.
    bool wait(Seconds timeout);

  private:
    explicit JournalSource(const Host& host) : host_(&host) {}
    void read(JournalEntry& entry) const;
    void keep_cursor();

    const Host* host_;
    OpenJournal journal_;
    std::string cursor_;
    bool at_start_ = false;  // the next entry may be the one of cursor_
};

}  // namespace lastgood
