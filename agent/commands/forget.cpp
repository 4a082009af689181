#include "agent/commands/forget.hpp"

#include <fmt/core.h>

#include "agent/requests.hpp"
#include "collectors/collector.hpp"
#include "core/facts.hpp"
#include "core/metrics/backups.hpp"
#include "core/print.hpp"
#include "core/report.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "exporters/status/text.hpp"

namespace lastgood {

namespace {

// A stream of a backup is remembered until somebody forgets it; a whole backup is in the
// configuration.
bool can_go(const Subject& subject) {
    return find_inventory(subject.kind) != nullptr ||
           (subject.kind == SubjectKind::backup && contains(subject.id, '/'));
}

bool is_here(const Subject& subject) {
    if (subject.kind == SubjectKind::backup)
        return subject.value(metric::backup_count).value_or(1) != 0;
    return subject.value(*find_inventory(subject.kind)->inventory).value_or(0) != 0;
}

// What can be forgotten.
std::string missing(const Facts& facts) {
    std::vector<const Subject*> gone;
    for (const SubjectKind kind : named_subject_kinds)
        for (const Subject* subject : facts.of(kind))
            if (can_go(*subject) && !is_here(*subject)) gone.push_back(subject);
    return gone.empty() ? "no drive or array is missing" : "missing are: " + display_names(gone);
}

}  // namespace

int run_forget(const Config& config, const std::string& word) {
    const auto refuse = [](const std::string& why) {
        constexpr size_t width = 80;
        for (const std::string& line : wrap(fmt::format("lastgood forget: {}", why), width, 2))
            print_error(line);
        return 3;
    };
    const auto report = read_report(report_path(config));
    if (!report) return refuse(report.error().message);
    const Facts facts(*report);
    const Subject* found = nullptr;
    for (const Subject* subject : facts.named(word)) {
        if (!can_go(*subject)) continue;
        if (is_here(*subject)) {
            if (!found) found = subject;
            continue;
        }
        if (found && !is_here(*found))
            return refuse(
                fmt::format("\"{}\" names several drives or arrays; give the id, which lastgood "
                            "status NAME shows",
                            word));
        found = subject;  // of several with this name, prefer the missing one
    }
    if (!found)
        return refuse(fmt::format(
            "{}; {}",
            word.empty() ? "name a drive or array"
                         : fmt::format("no drive or array is named \"{}\"", harmless(word)),
            missing(facts)));
    if (is_here(*found))
        return refuse(fmt::format(
            "{} is still here; lastgood forgets only a drive or array that has disappeared, "
            "and a stream of a backup without copies",
            found->id));
    if (const auto asked = ask_to_forget(config, found->kind, found->id); !asked)
        return refuse(asked.error().message);
    return print_text(fmt::format("The agent forgets {} {} with its next report, within 15 s.\n",
                                  to_string(found->kind), found->id))
               ? 0
               : 3;
}

}  // namespace lastgood
