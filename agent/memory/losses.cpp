#include "agent/memory/losses.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/words.hpp"

namespace lastgood {

std::vector<std::string> note_losses(State& state, const Opened& opened, const Rejected& rejected,
                                     Timestamp now) {
    std::vector<std::string> log;
    const auto note = [&](Loss what, const std::string& words) {
        log.push_back(words);
        state.note_loss(what, words, now);
    };
    for (const auto& [what, words] : opened.saved.losses) {
        if (!opened.in_memory)
            note(what, words);
        else if (what == Loss::damaged || what == Loss::foreign)
            // Nothing is lost now. But what damages a file, or writes another in its place, says
            // something about this host.
            note(what, words + " there; it is written anew from memory");
        else
            log.push_back(words + " there; it is written anew from memory");
    }
    if (rejected.rows > 0)
        note(Loss::rows,
             fmt::format("{} made no sense and will not count; the first: {}",
                         counted(rejected.rows, "saved row", "saved rows"), rejected.first));
    if (log.empty() && !opened.in_memory && opened.watched_before && opened.saved.rows.empty())
        note(Loss::missing,
             "there is no saved state, although an agent has watched this host before");
    return log;
}

void add_losses(const State& state, const std::vector<Finding>& findings,
                std::vector<Problem>& problems) {
    const bool accepted = std::ranges::any_of(findings, [](const Finding& finding) {
        return finding.rule == "state_lost" && finding.accepted;
    });
    if (accepted) return;
    for (const auto& [what, lost] : state.losses())
        problems.push_back({"state", "", lost.message, lost.at});
}

}  // namespace lastgood
