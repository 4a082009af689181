// The command line: subcommands, options and the variables that receive them. It only parses:
// agent/commands/main.cpp runs the subcommands, and tools/command_manual.cpp prints lastgood(1) and
// the bash completion from it.
#pragma once

#include <memory>
#include <string>

#include "agent/commands/accept.hpp"
#include "agent/commands/explain.hpp"
#include "agent/commands/record.hpp"
#include "agent/config_file.hpp"
#include "exporters/status/status.hpp"
#include "rules/rule.hpp"

namespace CLI {
class App;
}

namespace lastgood {

struct Options {
    std::string config_path = default_config_path;
    std::string root = "/";
    std::string listen;          // overrides the configuration
    std::string default_listen;  // overridden by the configuration
    bool with_agent = false;
    std::string collector, collector_subject, cursor;
    bool once = false;
    bool remote = false;
    StatusOptions status;
    ExplainOptions explain;
    std::string drive_to_pull, forgotten;
    std::string runbooks{default_runbooks};
    AcceptOptions accept;
    RecordOptions record;
};

// Makes the parser; `options` must outlive it. command_manual.cpp completes an option by its type
// name, so use only names that it knows. Pure.
std::shared_ptr<CLI::App> make_command_line(Options& options);

}  // namespace lastgood
