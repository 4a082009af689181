// Requests of commands to the agent: files in the runtime directory, which only root can write.
// A command leaves one; the agent takes it at its next heartbeat, within 15 s.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/acceptance.hpp"
#include "core/config.hpp"
#include "core/copy_record.hpp"
#include "core/metric.hpp"
#include "core/result.hpp"

namespace lastgood {

struct Requests {
    std::vector<std::pair<SubjectKind, std::string>> forget;  // drives and arrays
    std::vector<Acceptance> accept;
    std::vector<std::pair<std::string, std::string>> revoke;  // rule, subject
    std::vector<CopyRecord> record;
    std::vector<std::string> problems;  // a request each that makes no sense: its path, and why
    std::string unreadable;             // why the directory is not read; "": it is, or is missing
};

Result<void> ask_to_forget(const Config& config, SubjectKind kind, const std::string& subject);
Result<void> ask_to_accept(const Config& config, const Acceptance& acceptance);
Result<void> ask_to_revoke(const Config& config, const std::string& rule,
                           const std::string& subject);

Result<void> ask_to_record(const Config& config, const CopyRecord& record);

// Returns and deletes the waiting requests, at most 100 at once.
Requests take_requests(const Config& config);

// Why the acceptance may not be made at `now`: no such rule, too long, without its value; "" if it
// may.
std::string why_not_acceptable(const Acceptance& acceptance, Timestamp now);

}  // namespace lastgood
