// The entry point: calls the function of the chosen subcommand and decides nothing itself.
#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <new>
#include <sstream>

#include "agent/agent.hpp"
#include "agent/commands/check_config.hpp"
#include "agent/commands/command_line.hpp"
#include "agent/commands/discover.hpp"
#include "agent/commands/explain.hpp"
#include "agent/commands/forget.hpp"
#include "agent/commands/last_words.hpp"
#include "agent/commands/preflight.hpp"
#include "agent/commands/third_party.hpp"
#include "agent/config_file.hpp"
#include "collectors/collector.hpp"
#include "collectors/probes/prober.hpp"
#include "core/descendants.hpp"
#include "core/print.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "exporters/prometheus/serve.hpp"
#include "exporters/prometheus/textfile.hpp"
#include "exporters/status/status.hpp"
#include "rules/rule.hpp"

namespace lastgood {
namespace {

// Exit status as in `lastgood status` for "cannot tell".
constexpr int could_not = 3;

int fail_with(const Error& error) {
    print_error("lastgood: " + error.message);
    return could_not;
}

int print(std::string_view text) {
    return print_text(text) ? 0 : could_not;
}

Error cannot_print(int error) {
    return {ErrorKind::failed, fmt::format("cannot write the output: {}", errno_text(error))};
}

Result<Config> configuration(const Options& options, ConfigTrust trust = ConfigTrust::required) {
    Config defaults;
    if (!options.default_listen.empty()) defaults.listen = options.default_listen;
    auto config = read_config(options.config_path, std::move(defaults), trust);
    if (config && !options.listen.empty()) config->listen = options.listen;
    return config;
}

// For commands that others are told to type.
std::string config_option(const Options& options) {
    if (options.config_path == default_config_path) return "";
    return " --config " + in_shell(options.config_path);
}

int collect(const Options& options) {
    const Collector* collector = find_collector(options.collector);
    if (!collector) {
        const auto own_config = configuration(options);
        if (!own_config) return fail_with(own_config.error());
        for (const ExternalCollector& one : own_config->external_collectors)
            if (one.name == options.collector && !one.command.empty()) return run_third_party(one);
        std::string known;
        for (const Collector* one : all_collectors())
            known += fmt::format("\n  {:<12} {}", one->name, one->summary);
        return fail_with(
            {ErrorKind::absent, fmt::format("there is no collector \"{}\"; the collectors are:{}",
                                            options.collector, known)});
    }
    const auto config = configuration(options);
    if (!config) return fail_with(config.error());
    ::signal(SIGPIPE, SIG_DFL);  // end when the agent, the reader, has ended
    end_with_descendants();
    const Host host(options.root);
    if (collector->kind == CollectorKind::stream && !options.once && !host.recorded() &&
        ::isatty(STDOUT_FILENO) == 1)
        print_error(
            fmt::format("lastgood: {} goes on until Ctrl-C; lastgood collect {} --once "
                        "prints what there is now",
                        collector->name, collector->name));
    LineSink sink(STDOUT_FILENO, [](int error) { std::_Exit(fail_with(cannot_print(error))); });
    Context context{host,           *config,
                    sink,           options.collector_subject,
                    options.cursor, options.once || host.recorded()};
    const auto done = collector->run(context);
    sink.flush();
    return done ? 0 : fail_with(done.error());
}

int agent(const Options& options, bool with_serve) {
    const auto config = configuration(options);
    if (!config) return fail_with(config.error());
    tell_fatal_signals();
    std::error_code ignored;  // then it stays as it is
    const std::string path = std::filesystem::absolute(options.config_path, ignored).string();
    return run_agent({path.empty() ? options.config_path : path, *config, options.root, with_serve,
                      options.listen});
}

int serve(const Options& options) {
    const auto config = configuration(options);
    if (!config) return fail_with(config.error());
    return run_serve(*config, options.with_agent, [] { return to_html(all_rules()); });
}

int status(Options& options) {
    options.status.config_option = config_option(options);
    if (options.status.report_path.empty()) {
        const auto config = configuration(options, ConfigTrust::not_needed);
        if (!config)
            print_error(fmt::format(
                "lastgood: {}\nlastgood: The configuration cannot be used, so this is the "
                "report in\n{}",
                config.error().message, report_path(Config{})));
        options.status.report_path = report_path(config ? *config : Config{});
    }
    return run_status(options.status);
}

int may_be_pulled(const Options& options) {
    const auto config = configuration(options, ConfigTrust::not_needed);
    if (!config) return fail_with(config.error());
    return run_preflight(report_path(*config), options.drive_to_pull);
}

int probe(const Options& options) {
    const auto config = configuration(options);
    if (!config) return fail_with(config.error());
    const auto done =
        run_probes(*config, options.remote ? ProbeService::remote : ProbeService::local);
    return done ? 0 : fail_with(done.error());
}

int forget(const Options& options) {
    const auto config = configuration(options);
    if (!config) return fail_with(config.error());
    return run_forget(*config, options.forgotten);
}

int accept(Options& options) {
    const auto config = configuration(options);
    if (!config) return fail_with(config.error());
    options.accept.config_option = config_option(options);
    return run_accept(*config, options.accept);
}

int record(Options& options) {
    const auto config = configuration(options);
    if (!config) return fail_with(config.error());
    options.record.config_option = config_option(options);
    return run_record(*config, options.record);
}

int textfile(const Options& options) {
    const auto config = configuration(options);
    if (!config) return fail_with(config.error());
    if (config->textfile_path.value.empty())
        return fail_with({ErrorKind::absent, "[textfile] path is not set in the configuration"});
    const auto report = read_report(report_path(*config));
    if (!report) return fail_with(report.error());
    const auto written = write_textfile(*report, config->textfile_path);
    return written ? 0 : fail_with(written.error());
}

int print_rules(const Options& options) {
    return print(to_prometheus_yaml(all_rules(), options.runbooks));
}

int show_config(const Options& options) {
    const auto config = configuration(options, ConfigTrust::not_needed);
    if (!config) return fail_with(config.error());
    return print(to_toml(*config));
}

int discover(const Options& options) {
    const auto config = configuration(options, ConfigTrust::not_needed);
    if (!config) return fail_with(config.error());
    return run_discover(*config, options.root);
}

// A parent may have closed 0, 1 or 2. The next file that is opened would get that number, and what
// is meant for the log would be written into it.
void open_standard_descriptors() {
    for (int fd = STDIN_FILENO; fd <= STDIN_FILENO + 2; ++fd)
        if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) != fd) ::_exit(could_not);
}

// "help", "help COMMAND" and "version" are guessed by people who come from other programs.
std::vector<std::string> command_line_of(int argc, char** argv) {
    std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
    if (words.empty()) return words;
    if (words[0] == "help") {
        words.erase(words.begin());
        words.emplace_back("--help");
    } else if (words[0] == "version") {
        words[0] = "--version";
    }
    std::ranges::reverse(words);  // as CLI::App::parse() wants them
    return words;
}

int run(int argc, char** argv) {
    open_standard_descriptors();
    // Some parents leave SIGCHLD ignored; then the exit status of children is lost.
    ::signal(SIGCHLD, SIG_DFL);
    ::signal(SIGXFSZ, SIG_IGN);  // a write beyond RLIMIT_FSIZE fails with EFBIG, and is told
    Options options;
    const auto app = make_command_line(options);
    try {
        app->parse(command_line_of(argc, argv));
    } catch (const CLI::ParseError& error) {
        std::ostringstream help, mistake;
        const int status = app->exit(error, help, mistake);
        if (!mistake.view().empty()) print_error(trim_end(mistake.view()));
        return print(help.view()) == 0 && status == 0 ? 0 : could_not;
    }
    if (const auto root = check_root(options.root); !root) return fail_with(root.error());
    const CLI::App& command = *app->get_subcommands().front();
    const std::string& name = command.get_name();
    if (name == "status") return status(options);
    if (name == "run") return agent(options, true);
    if (name == "agent") return agent(options, false);
    if (name == "serve") return serve(options);
    if (name == "textfile") return textfile(options);
    if (name == "collect") return collect(options);
    if (name == "probe") return probe(options);
    if (name == "preflight") return may_be_pulled(options);
    if (name == "forget") return forget(options);
    if (name == "accept") return accept(options);
    if (name == "record") return record(options);
    if (name == "explain") return run_explain(options.explain);
    if (name == "rules") return print_rules(options);
    if (command.got_subcommand("check")) return run_check(options.config_path);
    if (command.got_subcommand("show")) return show_config(options);
    if (command.got_subcommand("discover")) return discover(options);
    return could_not;
}

}  // namespace
}  // namespace lastgood

int main(int argc, char** argv) {
    lastgood::tell_uncaught_exceptions();
    try {
        const int status = lastgood::run(argc, argv);
        // Tried again: what could not be written is still in the buffer.
        if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
        return lastgood::fail_with(lastgood::cannot_print(errno));
    } catch (const std::bad_alloc&) {
        lastgood::print_last_words("lastgood: out of memory\n");
    } catch (const std::exception& error) {
        lastgood::print_error(std::string("lastgood: ") + error.what());
    }
    return lastgood::could_not;
}
