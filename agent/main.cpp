// The command line. Nothing is decided here: each subcommand is a function of its own.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "agent/config_file.hpp"
#include "collectors/collector.hpp"

namespace lastgood {
namespace {

struct Options {
    std::string config_path = default_config_path;
    std::string collector, subject, root = "/", cursor;
    bool once = false;
};

int fail_with(const Error& error) {
    fmt::print(stderr, "lastgood: {}\n", error.message);
    return 3;
}

int run_collect(const Options& options) {
    const Collector* collector = find_collector(options.collector);
    if (!collector) {
        std::string known;
        for (const Collector* one : all_collectors()) known += fmt::format("\n  {:<12} {}", one->name, one->summary);
        return fail_with({ErrorKind::absent, fmt::format("no collector \"{}\"; there are:{}", options.collector, known)});
    }
    const auto config = read_config(options.config_path);
    if (!config) return fail_with(config.error());
    ::signal(SIGPIPE, SIG_DFL);  // the agent is gone: so are we
    const Host host(options.root);
    LineSink sink(STDOUT_FILENO);
    Context context{host, *config, sink, options.subject, options.cursor, options.once || host.recorded()};
    const auto done = collector->run(context);
    sink.flush();
    return done ? 0 : fail_with(done.error());
}

}  // namespace
}  // namespace lastgood

int main(int argc, char** argv) {
    using namespace lastgood;
    Options options;
    CLI::App app("Is a drive failing, and is the last good copy of the data still good?", "lastgood");
    app.require_subcommand(1);
    app.set_version_flag("--version", LASTGOOD_VERSION);

    CLI::App* collect = app.add_subcommand("collect", "Run one collector by hand and print what it sees");
    collect->add_option("name", options.collector, "Name of the collector")->required();
    collect->add_option("subject", options.subject, "Only this drive, backup, …");
    collect->add_option("--config", options.config_path, "Configuration file")->capture_default_str();
    collect->add_option("--root", options.root, "Read a recorded host below this directory");
    collect->add_option("--cursor", options.cursor, "Where an earlier run of a stream ended");
    collect->add_flag("--once", options.once, "A stream prints what there is now and ends");

    CLI11_PARSE(app, argc, argv);
    if (*collect) return run_collect(options);
    return 0;
}
