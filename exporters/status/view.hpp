// The report as one screen for people. Pure: the same report, time and options give the same text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/judgement.hpp"
#include "core/report.hpp"

namespace lastgood {

struct ViewOptions {
    size_t width = 80;  // columns; lines are wider only if a single word is
    // Lines. Rows without remarks are folded until the screen fits. 0: never fold.
    size_t height = 24;
    bool colour = false;      // use escape sequences
    bool agent_gone = false;  // no agent runs, even if the report is fresh
    bool has_service = true;  // systemd runs here and has lastgood.service
    // " --config FILE" for commands that are told, or empty. Belongs to the caller.
    std::string_view config_option = {};
};

int exit_code(Health health);                   // 0, 1, 2, 3
std::string_view plain_word_of(Health health);  // in metrics and JSON: "fine", "critical"
// A word for the beginning of a screen: "FINE", "WARNING", "CRITICAL", "UNKNOWN".
std::string_view loud_word_of(Health health);

struct Verdict {
    Health health = Health::fine;
    bool agent_dead = false;
    // Numbers of findings; an accepted one counts as that only.
    size_t critical = 0, warning = 0, unknown = 0, accepted = 0;
    // Facts that should be known but are not, one sentence each. With any of them the host is not
    // fine.
    std::vector<std::string> not_known;
    std::vector<std::string> notes;  // gaps in what is watched; they do not change the health
};

// The health of the host at `now`. A dead agent makes it unknown; else the worst finding decides.
Verdict judge(const Report& report, Timestamp now, bool agent_gone = false);
Verdict judge(const Report& report, const Judge& judgements, bool agent_gone);

// What a healthy host shows for it: how lately its drives were read, its arrays checked, its
// backups made. One line of text; "" if it has none of these.
std::string proof_of(const Judge& judgements);
// How many drives answered behind each RAID controller; empty: there is no controller. An empty
// slot and a dead drive look the same there, so the reader must compare.
std::string drives_behind_controllers(const Judge& judgements);

// The whole screen.
std::string render_status(const Report& report, Timestamp now, const ViewOptions& options);

// The screen if the report at `path` cannot be read: why, and what to do.
std::string render_no_report(const Error& error, std::string_view path, const ViewOptions& options);

// All facts of the subjects that `word` names (Facts::named), with ages; empty if it names none.
std::string render_subject(const Report& report, std::string_view word, Timestamp now,
                           const ViewOptions& options);

// The health of a part of a report, by its worst finding. Without findings: unknown if it has
// problems, else fine.
Health explanation_health(const Report& report);

}  // namespace lastgood
