#include "agent/commands/preflight.hpp"

#include <fmt/format.h>

#include "core/facts.hpp"
#include "exporters/status/text.hpp"
#include "rules/preflight.hpp"

namespace lastgood {

int run_preflight(const std::string& report_path, const std::string& word) {
    const auto refuse = [](const std::string& why) {
        fmt::print(stderr, "lastgood preflight: {}\n", why);
        return 3;
    };
    const auto report = read_report(report_path);
    if (!report) return refuse(report.error().message);
    const Facts facts(*report);
    std::vector<const Subject*> drives = facts.named(word);
    std::erase_if(drives,
                  [](const Subject* subject) { return subject->kind != SubjectKind::drive; });
    if (drives.size() != 1)
        return refuse(
            drives.empty()
                ? fmt::format("no drive is named \"{}\"; lastgood status lists the drives",
                              harmless(word))
                : fmt::format(
                      "\"{}\" names several drives; give the id, which lastgood status DRIVE shows",
                      harmless(word)));
    const Preflight result = preflight(*report, drives[0]->id, Host().now());
    const auto print = [](const std::vector<std::string>& reasons, char mark) {
        for (const std::string& reason : reasons)
            for (size_t line = 0; const std::string& part : wrap(reason, 76))
                fmt::print("  {} {}\n", line++ == 0 ? mark : ' ', part);
    };
    switch (result.verdict) {
        case PreflightVerdict::go:
            fmt::print("GO      {} is safe to pull.\n", result.drive);
            break;
        case PreflightVerdict::no_go:
            fmt::print("NO-GO   Do not pull {}.\n", result.drive);
            break;
        case PreflightVerdict::cannot_tell:
            fmt::print("NO-GO   Cannot tell whether {} is safe to pull.\n", result.drive);
            break;
    }
    print(result.against, '-');
    print(result.notes, '*');
    switch (result.verdict) {
        case PreflightVerdict::go:
            return 0;
        case PreflightVerdict::no_go:
            return 2;
        case PreflightVerdict::cannot_tell:
            return 3;
    }
    return 3;
}

}  // namespace lastgood
