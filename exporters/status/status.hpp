// `lastgood status`: reads the report and the terminal, prints, gives the exit code.
#pragma once

#include <string>

namespace lastgood {

struct StatusOptions {
    // Beside it lies the agent's lock; without that (a saved report) its age alone tells whether
    // the agent lives. Empty on the command line: the configuration's (report_path).
    std::string report_path;
    std::string subject;  // empty: the whole host
    bool json = false;
    bool watch = false;  // again every 2 s until interrupted
};

// Exit code: 0 fine, 1 warning, 2 critical, 3 unknown (also: no report, the agent is dead, or there
// is no such subject).
int run_status(const StatusOptions& options);

}  // namespace lastgood
