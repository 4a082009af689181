#include "agent/commands/preflight.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "agent/commands/open_devices.hpp"
#include "core/descriptor.hpp"
#include "core/facts.hpp"
#include "core/host.hpp"
#include "core/preflight.hpp"
#include "core/print.hpp"
#include "core/text.hpp"
#include "exporters/status/terminal.hpp"
#include "exporters/status/text.hpp"

namespace lastgood {

namespace {

// The drive of a partition; the device itself if it is none.
dev_t drive_of(const std::string& device, dev_t own) {
    const std::string directory = fmt::format("/sys/class/block/{}", device);
    const Host host;
    const auto sysfs = host.resolve(directory);
    if (!sysfs || !host.exists(*sysfs + "/partition")) return own;
    const std::string number =
        host.read_line(fmt::format("{}/dev", parent_directory(*sysfs))).value_or("");
    std::string_view rest = number;
    const auto major = take_number<unsigned>(rest);
    if (!major || !rest.starts_with(':')) return own;
    const auto minor = parse_number<unsigned>(rest.substr(1));
    return minor ? ::makedev(*major, *minor) : own;
}

}  // namespace

// An exclusive open fails while another holds the device exclusively (Linux block/bdev.c,
// bd_may_claim). It reads nothing, so a sleeping drive goes on sleeping. QEMU and databases open
// devices without that claim: they are found among the open files of all processes.
Held held_by_another(std::string_view device) {
    const std::string path = fmt::format("/dev/{}", device);
    dev_t number = 0;
    {
        const Descriptor opened(::open(path.c_str(), O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC));
        if (opened.get() < 0) return errno == EBUSY ? Held::yes : Held::unknown;
        struct stat found {};
        if (::fstat(opened.get(), &found) != 0 || !S_ISBLK(found.st_mode)) return Held::unknown;
        number = found.st_rdev;
    }
    const Held held = opened_by_a_process(number, S_IFBLK);
    const dev_t drive = drive_of(std::string(device), number);
    return held == Held::yes || drive == number ? held : opened_by_a_process(drive, S_IFBLK);
}

namespace {

std::string first_line(const Preflight& result) {
    switch (result.verdict) {
        case PreflightVerdict::go:
            return fmt::format("GO   {} may be pulled.", result.drive);
        case PreflightVerdict::no_go:
            return fmt::format("NO-GO   Do not pull {}.", result.drive);
        case PreflightVerdict::cannot_tell:
            return fmt::format("CANNOT TELL   Nothing shows that {} may be pulled.", result.drive);
    }
    return {};
}

// Wraps `text` at the width of the terminal, behind a mark on its first line.
void append(std::string& screen, std::string_view mark, std::string_view text, size_t width) {
    for (bool first = true; const std::string& part : wrap(text, width - mark.size())) {
        screen += fmt::format("{:{}}{}\n", first ? mark : "", mark.size(), part);
        first = false;
    }
}

constexpr size_t step_limit = 3;  // before "Then ask again"

std::string render(const Preflight& result, std::string_view device, const ViewOptions& view) {
    std::string screen;
    append(screen, "", first_line(result), view.width);
    for (const std::string& reason : result.against) append(screen, "  - ", reason, view.width);
    for (const std::string& fact : result.missing)
        append(screen, "  ? ", "not known: " + fact, view.width);
    for (const std::string& note : result.notes) append(screen, "  * ", note, view.width);
    if (result.steps.empty()) return screen;
    const size_t shown = std::min(result.steps.size(), step_limit);
    for (size_t i = 0; i < shown; ++i)
        append(screen, fmt::format("   {}  ", i + 1), result.steps[i], view.width);
    append(screen, fmt::format("   {}  ", shown + 1),
           fmt::format("Then ask again: lastgood preflight {}", device), view.width);
    return screen;
}

}  // namespace

namespace {

// "md0 is no drive; ask about one of its drives: sda, sdb"
std::string no_such_drive(const std::string& word, const Facts& facts) {
    const Relations relations(facts);
    std::set<std::string> drives;
    for (const Subject* subject : facts.named(word)) {
        for (const Subject* drive : relations.drives_under(*subject)) drives.insert(drive->name());
        for (const Membership* member : relations.members_of(*subject))
            if (member->drive != nullptr) drives.insert(member->drive->name());
    }
    if (drives.empty()) {
        const std::string known = display_names(facts.of(SubjectKind::drive));
        return fmt::format(
            "{}; {}",
            word.empty() ? "name a drive" : fmt::format("no drive is named \"{}\"", harmless(word)),
            known.empty() ? "no drive is known" : "the drives are: " + known);
    }
    return fmt::format("{} is no drive; ask about one of its drives: {}", harmless(word),
                       fmt::join(drives, ", "));
}

}  // namespace

int run_preflight(const std::string& report_path, const std::string& word, const HeldBy& held) {
    const auto refuse = [](const std::string& why) {
        print_error(fmt::format("lastgood preflight: {}", why));
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
                ? no_such_drive(word, facts)
                : fmt::format(
                      "\"{}\" names several drives; give the id, which lastgood status DRIVE shows",
                      harmless(word)));
    const Preflight result = preflight(*report, drives[0]->id, Host().now(), held);
    if (!print_text(render(result, drives[0]->name(), view_of_standard_output()))) return 3;
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
