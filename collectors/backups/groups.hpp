// Which backups one child looks at, and in what order. Not thread-safe.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "collectors/collector.hpp"
#include "core/config.hpp"
#include "core/descriptor.hpp"
#include "core/host.hpp"

namespace lastgood {

// One group for each mount point that holds backups, named by it: what hangs hangs all that is on
// it. The members in the order of the configuration. Goes by the names of the paths: reads
// mountinfo, but no link and nothing else. Backups without a place are in the group "/".
std::vector<SubjectGroup> backup_groups(const Host& host, const Config& config);

// A backup that ends the look (it crashes its reader, or takes all the time) costs the others that
// one run: in the next runs it comes last. Remembered in RUNTIME_DIRECTORY/backups; without that
// directory, and for a recorded host, the given order stays.
class LookOrder {
  public:
    LookOrder(const Host& host, const std::string& runtime_directory, const std::string& group);
    std::vector<const Backup*> sorted(std::vector<const Backup*> backups) const;
    void begin(const std::string& backup);
    void end(const std::string& backup);

  private:
    void write(const std::string& current) const;

    Descriptor file_;  // the suspects, and the one that is looked at: a name on each line
    std::set<std::string, std::less<>> suspects_;
};

}  // namespace lastgood
