// The command line. Nothing is decided here: each subcommand is a function of its own.
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "agent/agent.hpp"
#include "agent/config_file.hpp"
#include "agent/discover.hpp"
#include "agent/explain.hpp"
#include "agent/forget.hpp"
#include "collectors/collector.hpp"
#include "exporters/preflight.hpp"
#include "exporters/serve.hpp"
#include "exporters/status.hpp"
#include "rules/manual.hpp"
#include "rules/rule.hpp"

namespace lastgood {
namespace {

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
    std::string rules_format = "prometheus";
};

// Exit statuses are those of `status`: a command that could not do its work cannot tell.
constexpr int could_not = 3;

int fail_with(const Error& error) {
    fmt::print(stderr, "lastgood: {}\n", error.message);
    return could_not;
}

Result<Config> configuration(const Options& options) {
    Config defaults;
    if (!options.default_listen.empty()) defaults.listen = options.default_listen;
    auto config = read_config(options.config_path, std::move(defaults));
    if (config && !options.listen.empty()) config->listen = options.listen;
    return config;
}

int collect(const Options& options) {
    const Collector* collector = find_collector(options.collector);
    if (!collector) {
        std::string known;
        for (const Collector* one : all_collectors()) known += fmt::format("\n  {:<12} {}", one->name, one->summary);
        return fail_with({ErrorKind::absent, fmt::format("no collector \"{}\"; there are:{}", options.collector, known)});
    }
    const auto config = configuration(options);
    if (!config) return fail_with(config.error());
    ::signal(SIGPIPE, SIG_DFL);  // the agent is gone: so are we
    const Host host(options.root);
    LineSink sink(STDOUT_FILENO);
    Context context{host, *config, sink, options.collector_subject, options.cursor, options.once || host.recorded()};
    const auto done = collector->run(context);
    sink.flush();
    return done ? 0 : fail_with(done.error());
}

int agent(const Options& options, bool with_serve) {
    const auto config = configuration(options);
    if (!config) return fail_with(config.error());
    return run_agent({options.config_path, *config, options.root, with_serve});
}

int serve(const Options& options) {
    const auto config = configuration(options);
    if (!config) return fail_with(config.error());
    return run_serve(*config, options.with_agent);
}

int status(Options& options) {
    if (options.status.report_path.empty()) {
        const auto config = configuration(options);
        if (!config) fmt::print(stderr, "lastgood: {}\nlastgood: looking at the default place\n", config.error().message);
        options.status.report_path = (config ? *config : Config{}).runtime_directory + "/report.json";
    }
    return run_status(options.status);
}

int may_be_pulled(const Options& options) {
    const auto config = configuration(options);
    if (!config) return fail_with(config.error());
    return run_preflight(config->runtime_directory + "/report.json", options.drive_to_pull);
}

int forget(const Options& options) {
    const auto config = configuration(options);
    if (!config) return fail_with(config.error());
    return run_forget(config->runtime_directory, options.forgotten);
}

int print_rules(const Options& options) {
    fmt::print("{}", options.rules_format == "markdown" ? to_markdown(all_rules()) : to_prometheus_yaml(all_rules()));
    return 0;
}

int check_config(const Options& options) {
    const auto config = configuration(options);
    if (!config) return fail_with(config.error());
    fmt::print("{}: fine\n", options.config_path);
    return 0;
}

int show_config(const Options& options) {
    const auto config = configuration(options);
    if (!config) return fail_with(config.error());
    fmt::print("{}", to_toml(*config));
    return 0;
}

int discover(const Options& options) {
    const auto config = configuration(options);
    if (!config) return fail_with(config.error());
    return run_discover(*config, options.root);
}

int run(int argc, char** argv) {
    Options options;
    options.status.report_path.clear();
    CLI::App app("Is a drive failing, and is the last good copy of the data still good?", "lastgood");
    app.require_subcommand(1);
    app.set_version_flag("--version", LASTGOOD_VERSION);

    const auto add = [&](CLI::App& parent, const char* name, const char* help) {
        CLI::App* command = parent.add_subcommand(name, help);
        command->add_option("--config", options.config_path, "Configuration file")->capture_default_str();
        return command;
    };
    const char* listen_help = "Address and port of /metrics, instead of the configuration's";
    const char* root_help = "Watch a recorded host: files below this directory instead of /";

    CLI::App* status_command = add(app, "status", "What is wrong, and what to do; exit status 0 fine, 1 warning, 2 critical, 3 unknown");
    status_command->add_option("subject", options.status.subject, "All that is known of a drive, array, filesystem or backup (device, serial or id)");
    status_command->add_flag("--json", options.status.json, "Print the report record");
    status_command->add_flag("--watch", options.status.watch, "Again every two seconds until Ctrl-C");
    status_command->add_option("--report", options.status.report_path, "Read this report instead of the agent's");

    CLI::App* run_command = add(app, "run", "Agent and /metrics in the foreground, for trying out and for containers");
    run_command->add_option("--listen", options.listen, listen_help);
    run_command->add_option("--root", options.root, root_help);
    CLI::App* agent_command = add(app, "agent", "Watch this host and write the report");
    agent_command->add_option("--root", options.root, root_help);
    CLI::App* serve_command = add(app, "serve", "Listen for Prometheus, without any privilege");
    serve_command->add_option("--listen", options.listen, listen_help);
    serve_command->add_option("--default-listen", options.default_listen, "Where to listen when neither --listen nor the configuration says it");
    serve_command->add_flag("--with-agent", options.with_agent, "End when the parent ends")->group("");

    CLI::App* collect_command = add(app, "collect", "Run one collector by hand and print what it sees");
    collect_command->add_option("name", options.collector, "Name of the collector")->required();
    collect_command->add_option("subject", options.collector_subject, "Only this drive, backup, …");
    collect_command->add_option("--root", options.root, "Read a recorded host below this directory");
    collect_command->add_option("--cursor", options.cursor, "Where an earlier run of a stream ended");
    collect_command->add_flag("--once", options.once, "A stream prints what there is now and ends");

    CLI::App* preflight_command = add(app, "preflight", "May this drive be pulled now? GO or NO-GO with reasons");
    preflight_command->add_option("drive", options.drive_to_pull, "Its device, serial or id")->required();
    CLI::App* forget_command = add(app, "forget", "Stop missing a drive or array that was taken out on purpose");
    forget_command->add_option("subject", options.forgotten, "Its id, serial or last device name")->required();

    CLI::App* explain_command = app.add_subcommand(
        "explain", "What a saved output means: a kernel log, smartctl's or nvme's output, /proc/mdstat, a libatasmart blob");
    explain_command->add_option("file", options.explain.path, "The file; - is standard input")->capture_default_str();
    explain_command->add_flag("--json", options.explain.json, "Print a report record");

    CLI::App* rules_command = app.add_subcommand("rules", "Print the rules");
    rules_command->add_option("--format", options.rules_format, "prometheus or markdown")
        ->check(CLI::IsMember({"prometheus", "markdown"}))
        ->capture_default_str();

    CLI::App* config_command = app.add_subcommand("config", "The configuration");
    config_command->require_subcommand(1);
    CLI::App* check_command = add(*config_command, "check", "Check it as the agent would");
    CLI::App* show_command = add(*config_command, "show", "Print it with every default written out");
    CLI::App* discover_command = add(*config_command, "discover", "Look for backups on local filesystems and print a configuration for them");
    discover_command->add_option("--root", options.root, "Search a recorded host below this directory");

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : could_not;
    }
    if (*status_command) return status(options);
    if (*run_command) return agent(options, true);
    if (*agent_command) return agent(options, false);
    if (*serve_command) return serve(options);
    if (*collect_command) return collect(options);
    if (*preflight_command) return may_be_pulled(options);
    if (*forget_command) return forget(options);
    if (*explain_command) return run_explain(options.explain);
    if (*rules_command) return print_rules(options);
    if (*check_command) return check_config(options);
    if (*show_command) return show_config(options);
    if (*discover_command) return discover(options);
    return could_not;
}

}  // namespace
}  // namespace lastgood

int main(int argc, char** argv) {
    try {
        return lastgood::run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "lastgood: %s\n", error.what());
        return 3;
    }
}
