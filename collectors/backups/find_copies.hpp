// Finds the copies of a backup that is files or directories.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "collectors/backups/parse/completeness.hpp"
#include "collectors/backups/parse/copy_name.hpp"
#include "core/config.hpp"
#include "core/host.hpp"

namespace lastgood {

// What a packed file holds.
enum class PackedContent {
    none,    // it is not packed
    unseen,  // only its ends were read, or not even these
    seen,    // it was unpacked, or its ends show that it is cut
};

struct Copy {
    std::string path;
    FileStatus status;
    Timestamp time = 0;
    bool from_name = false;             // else from the modification time
    std::optional<NameTime> name_time;  // in the last component of the path
    bool dated = false;                 // the path tells a time, though `time` may be another
    bool unfinished = false;
    Completeness state = Completeness::unknown;
    std::string reason;
    bool breaks_promise = false;  // see ProbeResult
    PackedContent content = PackedContent::none;
    bool behind_cut = false;  // not unpacked, and newer ones are cut
};

// The finished copies of one stream. However many there are, it keeps only the newest.
class CopyList {
  public:
    explicit CopyList(size_t most) : most_(most) {}

    double count() const { return count_; }  // with empty files
    double empty() const { return empty_; }  // files without a byte, which are no copies
    std::optional<Timestamp> oldest() const {
        return oldest_ ? std::optional(oldest_->time) : std::nullopt;
    }
    const std::vector<Copy>& newest() const { return newest_; }  // in no order
    std::vector<Copy> sorted() const;                            // the newest first

    // Whether counting it is all that is needed: it is not among the newest, nor the oldest. Says
    // so without reading the time in the name, which is what takes longest. Counts it then.
    bool only_counts(std::string_view name, const FileStatus& status, bool comparable);
    // `copy.path` is made here, where it is needed, of the directory and the name.
    void add(const std::string& directory, std::string_view name, Copy copy);
    void add(const CopyList& other);

  private:
    // What a name is compared with.
    struct Edge {
        std::string name;
        Timestamp time = 0;
        std::optional<NameTime> name_time;  // if the name tells the time
    };
    static std::optional<int> compare(std::string_view name, const Edge& edge);
    void note_oldest(std::string_view name, const Copy& copy);
    void keep(Copy copy);

    size_t most_;
    double count_ = 0;
    double empty_ = 0;
    std::optional<Edge> oldest_;  // of those that are not empty
    std::vector<Copy> newest_;    // a heap, the oldest first
    Edge last_;                   // the oldest in newest_
};

struct FoundCopies {
    std::map<std::string, CopyList> streams;  // without `each` at most one, ""
    bool in_progress = false;                 // a copy is being written
    bool too_many_streams = false;            // more than most_streams; the others are left out
    std::vector<Error> problems;              // at most 50; the last one counts the others
};

// Reads the directories that the pattern in backup.location leads to. A large directory that is
// unchanged since this thread read it is not read again, but for its newest copies: files that are
// written in place leave their directory's times as they are. All of it is read again after an
// hour. Memory is bounded, however many names and directories there are: where there are too many
// streams, those that are `known` are found before others. Errors: those of opening the first
// directory.
using StreamNames = std::set<std::string, std::less<>>;
Result<FoundCopies> find_copies(const Host& host, const Backup& backup,
                                const StreamNames& known = {});

// For tests: how many names this thread has read in directories.
uint64_t names_read();

}  // namespace lastgood
