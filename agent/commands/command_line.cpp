#include "agent/commands/command_line.hpp"

#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "collectors/collector.hpp"
#include "core/text.hpp"
#include "exporters/status/text.hpp"

namespace lastgood {
namespace {

constexpr size_t help_width = 80, help_column = 30;  // the column in which CLI11 starts a help text

// CLI11 breaks no lines.
std::string wrap_help(std::string_view help) {
    std::string wrapped;
    while (!help.empty()) {
        const std::string_view line = take_line(help);
        const size_t indent = line.starts_with("  ") ? help_column : 0;
        std::string start(line.substr(0, indent));
        if (line.size() <= help_width) {
            wrapped += fmt::format("{}\n", line);
            continue;
        }
        for (const std::string& part : wrap(line.substr(indent), help_width - indent)) {
            wrapped += start + part + '\n';
            start = std::string(indent, ' ');
        }
    }
    return wrapped;
}

class HelpFormatter : public CLI::Formatter {
  public:
    std::string make_help(const CLI::App* app, std::string name,
                          CLI::AppFormatMode mode) const override {
        return wrap_help(Formatter::make_help(app, std::move(name), mode));
    }
};

// What is wrong with the command line, and where to look.
std::string describe_mistake(const CLI::App* app, const CLI::Error& error) {
    std::string name = app->get_name();
    while (!app->get_subcommands().empty()) {
        app = app->get_subcommands().front();
        name += " " + app->get_name();
    }
    const auto rest = app->remaining();
    std::string commands;
    for (const CLI::App* command : app->get_subcommands([](const CLI::App*) { return true; }))
        commands += (commands.empty() ? "" : ", ") + command->get_name();
    std::string what = error.what();
    if (!rest.empty() && rest[0].starts_with('-'))
        what = fmt::format("there is no option \"{}\"", harmless(rest[0]));
    else if (!rest.empty() && !commands.empty())
        what = fmt::format("there is no command \"{}\"", harmless(rest[0]));
    else if (!rest.empty())
        what = fmt::format("there is nothing to do with \"{}\"", harmless(rest[0]));
    else if (!commands.empty())
        what = "name a command";
    std::string text;
    for (const std::string& line :
         wrap(commands.empty() ? what : what + "; the commands are: " + commands, help_width - 2))
        text += (text.empty() ? name + ": " : "  ") + line + '\n';
    return fmt::format("{}See: {} --help\n", text, name);
}

std::string list_of_collectors() {
    std::string list = "Collectors:\n";
    for (const Collector* one : all_collectors())
        list += fmt::format("  {:<{}}{}\n", one->name, help_column - 2, one->summary);
    return list;
}

}  // namespace

std::shared_ptr<CLI::App> make_command_line(Options& options) {
    auto made = std::make_shared<CLI::App>(
        "Is a drive failing, and is the last good copy of the data still good?", "lastgood");
    CLI::App& app = *made;
    app.formatter(std::make_shared<HelpFormatter>());
    app.failure_message(describe_mistake);
    app.require_subcommand(1);
    app.set_version_flag("--version", LASTGOOD_VERSION);

    const auto add = [&](CLI::App& parent, const char* name, const char* help) {
        CLI::App* command = parent.add_subcommand(name, help);
        command->add_option("--config", options.config_path, "Configuration file")
            ->type_name("FILE")
            ->capture_default_str();
        return command;
    };
    const char* listen_help = "Listen on this address and port instead of the configured one";
    const char* root_help =
        "Watch a recorded host: read files below this directory instead of /; its state and report "
        "are temporary";

    CLI::App* status_command = add(
        app, "status",
        "Show what is wrong and what to do; exit status 0 fine, 1 warning, 2 critical, 3 unknown");
    status_command
        ->add_option(
            "subject", options.status.subject,
            "Show everything known about this drive, array, filesystem, data, backup, spool, "
            "probe or collector (device, serial number or id), or about the host (host)")
        ->type_name("SUBJECT");
    status_command->add_flag("--json", options.status.json, "Print the report as JSON");
    status_command->add_flag("--watch", options.status.watch, "Refresh every 2 s until Ctrl-C");
    status_command
        ->add_option("--report", options.status.report_path,
                     "Read this report file instead of the agent's")
        ->type_name("FILE");

    CLI::App* run_command =
        add(app, "run",
            "Run agent and listener in the foreground, to try lastgood out or in a container");
    run_command->add_option("--listen", options.listen, listen_help)->type_name("ADDRESS");
    run_command->add_option("--root", options.root, root_help)->type_name("DIRECTORY");
    CLI::App* agent_command = add(app, "agent", "Watch this host and write the report");
    agent_command->add_option("--root", options.root, root_help)->type_name("DIRECTORY");
    CLI::App* serve_command = add(app, "serve", "Serve /metrics to Prometheus, without privileges");
    serve_command->add_option("--listen", options.listen, listen_help)->type_name("ADDRESS");
    serve_command
        ->add_option("--default-listen", options.default_listen,
                     "Listen here if neither --listen nor the configuration names an address")
        ->type_name("ADDRESS");
    serve_command->add_flag("--with-agent", options.with_agent, "End when the parent process ends")
        ->group("");

    add(app, "textfile",
        "Write the metrics of the last report to [textfile] path, as the agent does after each "
        "report");

    CLI::App* collect_command = add(app, "collect", "Run one collector and print its observations");
    collect_command->footer(list_of_collectors());
    collect_command->add_option("collector", options.collector, "Name of the collector")
        ->type_name("COLLECTOR")
        ->required();
    collect_command->add_option("subject", options.collector_subject, "Only this drive or backup")
        ->type_name("SUBJECT");
    collect_command
        ->add_option("--root", options.root,
                     "Read a recorded host: files below this directory instead of /")
        ->type_name("DIRECTORY");
    collect_command
        ->add_option("--cursor", options.cursor, "Continue a stream where an earlier run ended")
        ->type_name("TEXT");
    collect_command->add_flag("--once", options.once,
                              "Print what there is now and end, also if the collector is a stream");

    CLI::App* probe_command =
        add(app, "probe",
            "Make the probes of the configuration until a signal comes: writes and commands");
    probe_command->add_flag("--remote", options.remote, "Make connections instead");

    CLI::App* preflight_command =
        add(app, "preflight", "Say whether a drive is safe to pull now: GO, NO-GO or CANNOT TELL");
    preflight_command
        ->add_option("drive", options.drive_to_pull,
                     "Device, serial number or id of the drive; none: list the drives")
        ->type_name("DRIVE");
    CLI::App* forget_command = add(
        app, "forget", "Stop reporting a removed drive, array or stream of a backup as missing");
    forget_command
        ->add_option(
            "subject", options.forgotten,
            "Id, serial number, last device name or BACKUP/STREAM; none: list what is missing")
        ->type_name("SUBJECT");

    CLI::App* accept_command =
        add(app, "accept", "Live with a finding: it stays visible, but no longer counts");
    accept_command
        ->add_option(
            "rule", options.accept.rule,
            "Rule of the finding; none: list the findings with the commands that accept them")
        ->type_name("RULE");
    accept_command
        ->add_option("subject", options.accept.subject,
                     "Drive, array, filesystem, backup or collector; none for the host")
        ->type_name("SUBJECT");
    accept_command
        ->add_option(
            "--until", options.accept.until,
            "End: a time from now (30d), or a date (2027-03-01). Default 90d, at most 365d; "
            "7d for what threatens data")
        ->type_name("TIME");
    accept_command->add_option("--reason", options.accept.reason, "Why, in one line. Required")
        ->type_name("TEXT");
    accept_command->add_flag("--revoke", options.accept.revoke, "End the acceptance instead");

    CLI::App* record_command = add(
        app, "record", "Keep as evidence that a backup was verified or restored: who, when, what");
    record_command
        ->add_option("what", options.record.what,
                     "verified or restored; none: list what is recorded of each backup")
        ->type_name("WHAT");
    record_command->add_option("backup", options.record.backup, "Name of the backup")
        ->type_name("BACKUP");
    record_command
        ->add_option("--note", options.record.note,
                     "What was verified or restored, and how; one line")
        ->type_name("TEXT");

    CLI::App* explain_command =
        app.add_subcommand("explain",
                           "Say what saved outputs mean: kernel and system logs, outputs of "
                           "smartctl, nvme, mdadm, btrfs and zpool, /proc/mdstat");
    explain_command
        ->add_option("file", options.explain.paths,
                     "Files to explain, also packed ones; each may hold several outputs. - is "
                     "standard input")
        ->type_name("FILE");
    explain_command->add_flag("--json", options.explain.json, "Print the result as JSON");

    CLI::App* rules_command = app.add_subcommand("rules", "Print the alert rules for Prometheus");
    rules_command
        ->add_option("--runbooks", options.runbooks,
                     "Where the runbook_url of alerts points, if not to the page /rules of the "
                     "host that the alert is about: an alert adds #RULE, as docs/rules.md has it")
        ->type_name("URL")
        ->capture_default_str();

    CLI::App* config_command =
        app.add_subcommand("config", "Check, show or find the configuration");
    config_command->require_subcommand(1);
    add(*config_command, "check",
        "Show every mistake in the configuration, and warn of paths that are not there; exit "
        "status 0 "
        "good, 3 mistakes");
    add(*config_command, "show", "Print all settings with their values");
    CLI::App* discover_command =
        add(*config_command, "discover",
            "Find backups on local filesystems and in the settings of backup tools, and print a "
            "configuration for them");
    discover_command
        ->add_option("--root", options.root,
                     "Search a recorded host: files below this directory instead of /")
        ->type_name("DIRECTORY");
    return made;
}

}  // namespace lastgood
