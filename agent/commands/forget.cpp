#include "agent/commands/forget.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/collector.hpp"
#include "core/facts.hpp"
#include "core/report.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t request_limit = 4096;  // bytes
constexpr size_t requests_at_once = 100;

bool is_here(const Subject& subject) {
    return subject.value(*find_inventory(subject.kind)->inventory).value_or(0) != 0;
}

}  // namespace

int run_forget(const Config& config, const std::string& word) {
    const auto refuse = [](const std::string& why) {
        fmt::print(stderr, "lastgood forget: {}\n", why);
        return 3;
    };
    const auto report = read_report(report_path(config));
    if (!report) return refuse(report.error().message);
    const Facts facts(*report);
    const Subject* found = nullptr;
    for (const Subject* subject : facts.named(word)) {
        if (!find_inventory(subject->kind)) continue;
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
        return refuse(
            fmt::format("no drive or array is named \"{}\"; lastgood status lists them", word));
    if (is_here(*found))
        return refuse(fmt::format(
            "{} is still here; lastgood forgets only a drive or array that has disappeared",
            found->id));
    const std::string directory = forget_directory(config);
    ::mkdir(directory.c_str(), 0700);
    const std::string request = fmt::format("{}\n{}\n", to_string(found->kind), found->id);
    const std::string path = fmt::format("{}/{}", directory, ::getpid());
    if (const auto written = write_file(path, request, Synced::no); !written)
        return refuse(written.error().message);
    fmt::print("The agent forgets {} {} with its next report, within 15 s.\n",
               to_string(found->kind), found->id);
    return 0;
}

ForgetRequests take_forget_requests(const Config& config) {
    ForgetRequests requests;
    const std::string directory = forget_directory(config);
    const Host here;
    const auto names = here.list(directory);
    if (!names) return requests;
    for (const std::string& name : *names) {
        if (name.ends_with(".tmp")) continue;  // not complete yet
        if (requests.subjects.size() + requests.problems.size() >= requests_at_once) break;
        const std::string path = directory + "/" + name;
        const auto text = here.read(path, request_limit);
        ::unlink(path.c_str());
        std::string_view rest = text ? *text : std::string_view();
        const auto kind = parse_subject_kind(take_line(rest));
        const std::string_view id = take_line(rest);
        if (kind && find_inventory(*kind) && !id.empty())
            requests.subjects.emplace_back(*kind, id);
        else
            requests.problems.push_back(text ? path + " names no drive or array"
                                             : text.error().message);
    }
    return requests;
}

}  // namespace lastgood
