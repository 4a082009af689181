// The report as one screen for people. Pure: the same report, time and options give the same text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/report.hpp"

namespace lastgood {

struct ViewOptions {
    size_t width = 80;  // columns
    size_t height =
        24;  // lines; what is fine is folded together until the screen holds it. 0: never fold
    bool colour = false;      // escape sequences
    bool agent_gone = false;  // it is known that no agent runs, however fresh the report is
};

enum class Health { ok, warning, critical, unknown };
int exit_code(Health health);  // 0, 1, 2, 3

// A report older than this means that the agent is dead: it writes one at least every 30 s.
inline constexpr Seconds agent_silence = 90;

struct Verdict {
    Health health = Health::ok;
    bool agent_dead = false;
    size_t critical = 0, warning = 0, unknown = 0;  // findings
    std::vector<std::string>
        not_known;  // what ought to be known and is not: keeps the host from being ok
    std::vector<std::string> notes;  // what nobody looks at; does not
};

Verdict judge(const Report& report, Timestamp now, bool agent_gone = false);

std::string render_status(const Report& report, Timestamp now, const ViewOptions& options);

// What there is to say without a report.
std::string render_no_report(const Error& error, std::string_view path, const ViewOptions& options);

// All that is known of the subjects that `word` names, with ages; empty when it names none.
std::string render_subject(const Report& report, std::string_view word, Timestamp now,
                           const ViewOptions& options);

// The verdict on a saved output: its findings; unknown when there is something that could not be
// made out.
Health explanation_health(const Report& report);

// What a saved output said (`lastgood explain`): `what` it is, then the same tables and findings,
// without an agent's ages.
std::string render_explanation(const Report& report, std::string_view what, Timestamp now,
                               const ViewOptions& options);

}  // namespace lastgood
