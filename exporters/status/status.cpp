#include "exporters/status/status.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "core/clock.hpp"
#include "core/config.hpp"
#include "core/descriptor.hpp"
#include "core/facts.hpp"
#include "core/metrics/data.hpp"
#include "core/print.hpp"
#include "core/report.hpp"
#include "core/similar.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "exporters/status/json.hpp"
#include "exporters/status/terminal.hpp"
#include "exporters/status/text.hpp"
#include "exporters/status/view.hpp"

namespace lastgood {

namespace {

constexpr size_t error_width = 80;

struct Screen {
    std::string text;
    std::string error;  // for standard error
    int code = 3;
};

// Reduces the report to the observations, findings and problems of these subjects.
Report only(const Report& report, const std::vector<const Subject*>& subjects) {
    Report part = report;
    const auto other = [&](SubjectKind kind, const std::string& id) {
        for (const Subject* subject : subjects) {
            if (subject->kind == kind && subject->id == id) {
                return false;
            }
        }
        return true;
    };
    std::erase_if(part.observations, [&](const Observation& observation) {
        return other(observation.metric->subject, observation.subject);
    });
    std::erase_if(part.findings,
                  [&](const Finding& finding) { return other(finding.kind, finding.subject); });
    std::erase_if(part.problems, [&](const Problem& problem) {
        for (const Subject* subject : subjects) {
            if ((subject->kind != SubjectKind::host && subject->id == problem.subject) ||
                (subject->kind == SubjectKind::collector && subject->id == problem.collector)) {
                return false;
            }
        }
        return true;
    });
    return part;
}

// " Did you mean pg-nas?", also data below a path, and the filesystem of one. "": none is near.
std::string what_was_meant(const Facts& facts, const std::string& word) {
    std::vector<std::string> known, meant;
    for (const SubjectKind kind : named_subject_kinds)
        for (const Subject* subject : facts.of(kind)) {
            known.push_back(subject->name());
            const std::string path(
                kind == SubjectKind::data ? subject->label(metric::data_info, "path") : "");
            if (path.starts_with("/") && meant.size() < 3 &&
                (path == word || path.starts_with(word + "/") || word.starts_with(path + "/")))
                meant.push_back(subject->name());
        }
    if (const auto similar = most_similar(word, known); meant.empty() && !similar.empty())
        meant.emplace_back(similar);
    if (meant.empty()) return "";
    for (std::string& one : meant)
        if (contains(one, ' ')) one = in_shell(one);
    return fmt::format(" Did you mean {}?", fmt::join(meant, " or "));
}

std::string known_names(const Facts& facts) {
    std::string text;
    for (const SubjectKind kind : named_subject_kinds) {
        const std::string names = display_names(facts.of(kind));
        if (!names.empty()) {
            const std::string line = fmt::format("{}{}: {}", to_string(kind),
                                                 kind == SubjectKind::data ? "" : "s", names);
            for (const std::string& part : wrap(line, error_width - 2, 2)) text += "\n  " + part;
        }
    }
    if (facts.find(SubjectKind::host, "") != nullptr) {
        text += "\n  this host: host";
    }
    return text;
}

Screen subject_screen(const Report& report, const StatusOptions& options, const ViewOptions& view) {
    const Timestamp now = wall_clock();
    const Facts facts(report);
    auto subjects = facts.named(options.subject);
    std::string word = options.subject;
    if (subjects.empty() && word.starts_with("/dev/")) {
        // Resolve links such as /dev/disk/by-id/…: the report does not have udev's names.
        char resolved[PATH_MAX];
        if (::realpath(word.c_str(), resolved) != nullptr) {
            word = resolved;
            subjects = facts.named(word);
        }
    }
    if (subjects.empty()) {
        return {
            "",
            fmt::format("nothing is named \"{}\".{}\nThe names are:{}", harmless(options.subject),
                        what_was_meant(facts, options.subject), known_names(facts)),
            3};
    }
    const Judge judgements(report, facts, now);
    Health health = Health::unknown;
    if (!judge(report, judgements, view.agent_gone).agent_dead) {
        health = Health::fine;
        for (const Subject* subject : subjects)
            health = worse(health, judgements.of(*subject).health);
    }
    return {options.json ? status_to_json(only(report, subjects), judgements, health, subjects)
                         : render_subject(report, word, now, view),
            "", exit_code(health)};
}

// So a killed agent is noticed before its report is old. Takes no lock, because an agent that
// starts meanwhile must not be hindered. False if the file cannot be opened: then it is not known.
bool agent_gone(const std::string& report_path) {
    const Descriptor life(::open(agent_life_path(report_path).c_str(),
                                 O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (life.get() < 0) return false;
    struct flock lock {};
    lock.l_type = F_RDLCK;
    return ::fcntl(life.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type == F_UNLCK;
}

// Without systemd (sd_booted(3)) or the package there is no service to start.
bool has_service() {
    const auto exists = [](const char* path) { return ::access(path, F_OK) == 0; };
    return exists("/run/systemd/system") && (exists("/etc/systemd/system/lastgood.service") ||
                                             exists("/usr/lib/systemd/system/lastgood.service") ||
                                             exists("/lib/systemd/system/lastgood.service"));
}

Screen screen_of(const StatusOptions& options, ViewOptions view) {
    view.agent_gone = agent_gone(options.report_path);
    view.has_service = has_service();
    view.config_option = options.config_option;
    const auto report = read_report(options.report_path);
    if (!report) {
        if (options.json) {
            return {"", report.error().message, 3};
        }
        return {render_no_report(report.error(), options.report_path, view), "", 3};
    }
    if (!options.subject.empty()) {
        return subject_screen(*report, options, view);
    }
    const Timestamp now = wall_clock();
    const Facts facts(*report);
    const Judge judgements(*report, facts, now);
    const Health health = judge(*report, judgements, view.agent_gone).health;
    if (!options.json) return {render_status(*report, now, view), "", exit_code(health)};
    std::vector<const Subject*> subjects;
    for (const SubjectKind kind : named_subject_kinds)
        for (const Subject* subject : facts.of(kind)) subjects.push_back(subject);
    return {status_to_json(*report, judgements, health, subjects), "", exit_code(health)};
}

int print(const Screen& screen, const StatusOptions& options, bool colours) {
    const bool written = options.json ? print_json(screen.text) : print_text(screen.text, colours);
    if (!screen.error.empty()) {
        print_error(fmt::format("lastgood status: {}", screen.error));
    }
    return written ? screen.code : 3;
}

// Returns the last screen's exit code after SIGINT or SIGTERM.
int watch(const StatusOptions& options) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    const bool terminal = ::isatty(STDOUT_FILENO) == 1;
    for (;;) {
        const ViewOptions view = view_of_standard_output();
        Screen screen = screen_of(options, view);
        if (terminal) {
            clear_screen();
            screen.text = top_of(screen.text, view.width, view.height);
        }
        if (!terminal) {
            screen.text += '\n';
        }
        const int code = print(screen, options, view.colour);
        const timespec pause{2, 0};
        if (std::ferror(stdout) != 0 || ::sigtimedwait(&signals, nullptr, &pause) > 0) {
            return code;
        }
    }
}

}  // namespace

int run_status(const StatusOptions& options) {
    if (options.watch) return watch(options);
    const ViewOptions view = view_of_standard_output();
    return print(screen_of(options, view), options, view.colour);
}

}  // namespace lastgood
