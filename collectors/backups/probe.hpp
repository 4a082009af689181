// Looks into a copy's file: is somebody writing it, and does it end as it should?
#pragma once

#include <map>
#include <optional>
#include <string>

#include "collectors/backups/parse/completeness.hpp"
#include "core/host.hpp"

namespace lastgood {

enum class Depth {
    ends,   // a few small reads
    whole,  // compressed files up to 256 MiB are unpacked, so that their content can be judged too
};

struct ProbeResult {
    bool being_written = false;  // a process of this host has it open for writing
    Completeness state = Completeness::unknown;
    std::string format;
    std::string reason;
};

// `give_up_at` is a time of Host::monotonic(): a file that is not through by then is `unknown`.
Result<ProbeResult> probe_file(const Host& host, const std::string& path, Depth depth,
                               Seconds give_up_at);

// Verdicts of earlier runs, so that a file is looked into once and not every minute. A file that
// has changed in size, times or inode is looked into again. Without a directory to write to it
// remembers nothing, which costs time only.
class ProbeMemory {
  public:
    ProbeMemory(const Host& host, const std::string& runtime_directory, const std::string& backup);
    std::optional<ProbeResult> find(const std::string& path, const FileStatus& status,
                                    Depth depth) const;
    void keep(const std::string& path, const FileStatus& status, Depth depth,
              const ProbeResult& result);
    // Writes what was asked for or kept in this run, at most 10,000 files; errors cost time only.
    void save() const;

  private:
    struct Entry {
        std::string identity;
        Depth depth = Depth::ends;
        ProbeResult result;
        mutable bool used = false;
    };
    std::string path_;  // empty: remembers nothing
    std::map<std::string, Entry> entries_;
    bool changed_ = false;
};

}  // namespace lastgood
