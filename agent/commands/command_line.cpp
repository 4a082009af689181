#include "agent/commands/command_line.hpp"

#include <CLI/CLI.hpp>

namespace lastgood {

std::shared_ptr<CLI::App> make_command_line(Options& options) {
    const auto made = std::make_shared<CLI::App>(
        "Is a drive failing, and is the last good copy of the data still good?", "lastgood");
    CLI::App& app = *made;
    app.require_subcommand(1);
    app.set_version_flag("--version", LASTGOOD_VERSION);

    const auto add = [&](CLI::App& parent, const char* name, const char* help) {
        CLI::App* command = parent.add_subcommand(name, help);
        command->add_option("--config", options.config_path, "Configuration file")
            ->type_name("FILE")
            ->capture_default_str();
        return command;
    };
    const char* listen_help = "Address and port of /metrics, instead of the configuration's";
    const char* root_help = "Watch a recorded host: files below this directory instead of /";

    CLI::App* status_command =
        add(app, "status",
            "What is wrong, and what to do; exit status 0 fine, 1 warning, 2 critical, 3 unknown");
    status_command
        ->add_option(
            "subject", options.status.subject,
            "All that is known of a drive, array, filesystem or backup (device, serial or id)")
        ->type_name("SUBJECT");
    status_command->add_flag("--json", options.status.json, "Print the report record");
    status_command->add_flag("--watch", options.status.watch,
                             "Again every two seconds until Ctrl-C");
    status_command
        ->add_option("--report", options.status.report_path,
                     "Read this report instead of the agent's")
        ->type_name("FILE");

    CLI::App* run_command =
        add(app, "run", "Agent and /metrics in the foreground, for trying out and for containers");
    run_command->add_option("--listen", options.listen, listen_help)->type_name("ADDRESS");
    run_command->add_option("--root", options.root, root_help)->type_name("DIRECTORY");
    CLI::App* agent_command = add(app, "agent", "Watch this host and write the report");
    agent_command->add_option("--root", options.root, root_help)->type_name("DIRECTORY");
    CLI::App* serve_command = add(app, "serve", "Listen for Prometheus, without any privilege");
    serve_command->add_option("--listen", options.listen, listen_help)->type_name("ADDRESS");
    serve_command
        ->add_option("--default-listen", options.default_listen,
                     "Where to listen when neither --listen nor the configuration says it")
        ->type_name("ADDRESS");
    serve_command->add_flag("--with-agent", options.with_agent, "End when the parent ends")
        ->group("");

    add(app, "textfile",
        "Write the last report's metrics to [textfile] path, as the agent does after each report");

    CLI::App* collect_command =
        add(app, "collect", "Run one collector by hand and print what it sees");
    collect_command->add_option("name", options.collector, "Name of the collector")
        ->type_name("COLLECTOR")
        ->required();
    collect_command->add_option("subject", options.collector_subject, "Only this drive or backup")
        ->type_name("SUBJECT");
    collect_command->add_option("--root", options.root, "Read a recorded host below this directory")
        ->type_name("DIRECTORY");
    collect_command
        ->add_option("--cursor", options.cursor, "Where an earlier run of a stream ended")
        ->type_name("TEXT");
    collect_command->add_flag("--once", options.once, "A stream prints what there is now and ends");

    CLI::App* preflight_command =
        add(app, "preflight", "May this drive be pulled now? GO or NO-GO with reasons");
    preflight_command->add_option("drive", options.drive_to_pull, "Its device, serial or id")
        ->type_name("DRIVE")
        ->required();
    CLI::App* forget_command =
        add(app, "forget", "Stop missing a drive or array that was taken out on purpose");
    forget_command->add_option("subject", options.forgotten, "Its id, serial or last device name")
        ->type_name("SUBJECT")
        ->required();

    CLI::App* explain_command =
        app.add_subcommand("explain",
                           "What a saved output means: a kernel log, smartctl's or nvme's output, "
                           "/proc/mdstat, a libatasmart blob");
    explain_command->add_option("file", options.explain.path, "The file; - is standard input")
        ->type_name("FILE")
        ->capture_default_str();
    explain_command->add_flag("--json", options.explain.json, "Print a report record");

    app.add_subcommand("rules", "Print the rules for Prometheus");

    CLI::App* config_command = app.add_subcommand("config", "The configuration");
    config_command->require_subcommand(1);
    add(*config_command, "check", "Check it as the agent would");
    add(*config_command, "show", "Print it with every default written out");
    CLI::App* discover_command =
        add(*config_command, "discover",
            "Look for backups on local filesystems and print a configuration for them");
    discover_command
        ->add_option("--root", options.root, "Search a recorded host below this directory")
        ->type_name("DIRECTORY");
    return made;
}

}  // namespace lastgood
