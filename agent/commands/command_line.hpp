// The command line: its subcommands, options and where their values go. Nothing is done here;
// agent/commands/main.cpp does it, and tools/command_manual.cpp prints lastgood(1) and the
// completion of bash from it.
#pragma once

#include <memory>
#include <string>

#include "agent/commands/explain.hpp"
#include "agent/config_file.hpp"
#include "exporters/status/status.hpp"

namespace CLI {
class App;
}

namespace lastgood {

struct Options {
    std::string config_path = default_config_path;
    std::string root = "/";
    std::string listen;          // overrules the configuration
    std::string default_listen;  // is overruled by it
    bool with_agent = false;
    std::string collector, collector_subject, cursor;
    bool once = false;
    StatusOptions status;
    ExplainOptions explain;
    std::string drive_to_pull, forgotten;
};

// `options` must outlive it. Type names of options are those that command_manual.cpp knows how to
// complete.
std::shared_ptr<CLI::App> make_command_line(Options& options);

}  // namespace lastgood
