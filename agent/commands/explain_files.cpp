// Reads the files of `lastgood explain` and prints what they mean.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "agent/commands/explain.hpp"
#include "agent/commands/saved_text.hpp"
#include "core/clock.hpp"
#include "core/print.hpp"
#include "core/text.hpp"
#include "exporters/status/terminal.hpp"

namespace lastgood {

namespace {

constexpr int unknown = 3;

int complain(const std::string& path, const Error& error) {
    const bool named = path == "-" || contains(error.message, path + ":");
    print_error(fmt::format("lastgood explain: {}{}", named ? "" : path + ": ", error.message));
    return unknown;
}

// Prints what the file means; `first`: nothing has been printed yet.
int explain_file(const std::string& path, bool first, const ExplainOptions& options) {
    if (path == "-" && ::isatty(STDIN_FILENO) == 1)
        print_error("lastgood explain: paste the output, then press Ctrl-D");
    const auto saved = SavedText::open(path);
    if (!saved) return complain(path, saved.error());
    const Timestamp now = wall_clock();
    auto explanation = explain_text(saved->text(), now);
    if (!explanation) return complain(path, explanation.error());
    if (path != "-") explanation->name = path;
    if (!saved->damage().empty())
        explanation->report.problems.push_back({"explain", "", saved->damage(), now});
    const ViewOptions view = view_of_standard_output();
    const bool written =
        options.json ? print_json(explanation_to_json(*explanation))
                     : print_text((first ? "" : "\n") + render_explanation(*explanation, now, view),
                                  view.colour);
    if (!written) return unknown;
    return exit_code(explanation_health(*explanation));
}

// How bad an exit status is: a fault that was found outweighs what is not known.
int rank(int status) {
    return status == unknown ? 1 : status == 0 ? 0 : status + 1;
}

}  // namespace

int run_explain(const ExplainOptions& options) {
    std::vector<std::string> paths = options.paths;
    if (paths.empty()) paths.emplace_back("-");
    int worst = 0;
    for (size_t i = 0; i < paths.size(); ++i) {
        const int status = explain_file(paths[i], i == 0, options);
        worst = std::max(worst, status, [](int a, int b) { return rank(a) < rank(b); });
    }
    return worst;
}

}  // namespace lastgood
