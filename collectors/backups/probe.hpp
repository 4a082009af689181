// Checks one file of a backup: whether a process is writing it, and whether it is complete.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "collectors/backups/own_document.hpp"
#include "collectors/backups/parse/completeness.hpp"
#include "core/host.hpp"

namespace lastgood {

enum class Depth {
    ends,   // a few small reads
    whole,  // also reads or unpacks dumps and packed files up to 256 MiB
};

struct ProbeResult {
    bool being_written = false;  // a process of this host has it open for writing
    Completeness state = Completeness::unknown;
    std::string format;  // as in CompletenessVerdict
    std::string reason;
    // Unknown, and the content has no mark of what the name promises: `reason` says what.
    bool breaks_promise = false;
    bool in_haste = false;  // there was no time to read all of it: nothing to remember
};

// Blocks for the reads of judge_ends(); unpacks until `give_up_at`, a time of Host::monotonic(). A
// file that is not unpacked by then keeps the verdict of its ends; one that needs more memory than
// lastgood uses is unknown. Sees writers by a read lease (fcntl(2), F_SETLEASE). Errors: those of
// Host::open(); failed: not a regular file, or the disk did not read it.
Result<ProbeResult> probe_file(const Host& host, const std::string& path, Depth depth,
                               Seconds give_up_at);

// Remembers verdicts between runs, so that an unchanged file is read once and not every minute. A
// change of size, times or inode invalidates a verdict. Without a writable runtime directory it
// remembers nothing, which costs time only.
class ProbeMemory {
  public:
    // Reads RUNTIME_DIRECTORY/backups/BACKUP.json; ignores what is malformed.
    ProbeMemory(const Host& host, const std::string& runtime_directory, const std::string& backup);
    std::optional<ProbeResult> find(const std::string& path, const FileStatus& status,
                                    Depth depth) const;
    void keep(const std::string& path, const FileStatus& status, Depth depth,
              const ProbeResult& result);
    // Writes the verdicts found or kept in this run, of at most 10,000 files. Ignores errors: they
    // cost time only.
    void save();

  private:
    struct Entry {
        std::string identity;
        Depth depth = Depth::ends;
        ProbeResult result;
        mutable bool used = false;
    };
    OwnDocument document_;
    std::map<std::string, Entry> entries_;
    bool changed_ = false;
};

}  // namespace lastgood
