#include <fmt/core.h>

#include "collectors/smart/readers.hpp"
#include "core/text.hpp"

namespace lastgood {
namespace {

constexpr int asleep_status = 3;  // the exit status that -n is given

Failure no_smartctl(const std::string& device) {
    return fail(ErrorKind::absent,
                fmt::format("{}: smartctl is needed and not installed; install the package "
                            "smartmontools",
                            device));
}

bool contains_words(const std::vector<std::string>& messages, std::string_view words) {
    for (const std::string& message : messages) {
        if (contains(message, words)) return true;
    }
    return false;
}

// True if the messages mean that the drive or the bridge has no SMART.
bool has_no_smart(const SmartctlAnswer& answer) {
    if (answer.smart_available == false) return true;
    for (const char* words : {"Unknown USB bridge", "lacks SMART capability",
                              "Unable to detect device type", "Please specify device type"}) {
        if (contains_words(answer.errors, words) || contains_words(answer.warnings, words))
            return true;
    }
    return false;
}

std::string reason(const SmartctlAnswer& answer, int status) {
    if (!answer.errors.empty()) return answer.errors.front();
    if (!answer.warnings.empty()) return answer.warnings.front();
    return fmt::format("smartctl exited with status {} and no message", status);
}

}  // namespace

Result<DriveReading> read_with_smartctl(const Host& host, const std::string& device,
                                        const std::string& type, Seconds deadline) {
    Command command;
    command.arguments = {"smartctl", "--json=c", "-n",  "standby,3", "-H",
                         "-i",       "-A",       "-l",  "error",     "-l",
                         "selftest", "-l",       "ssd", "-l",        "background"};
    if (!type.empty()) {
        command.arguments.emplace_back("-d");
        command.arguments.push_back(type);
    }
    command.arguments.push_back(device);
    command.deadline = deadline;
    const auto output = host.run(command);
    if (!output) {
        if (output.error().kind == ErrorKind::absent) return no_smartctl(device);
        return Failure(output.error());
    }
    const auto answer = parse_smartctl_json(output->standard_output);
    if (!answer) {
        return fail(answer.error().kind, fmt::format("{}: {} (exit status {})", device,
                                                     answer.error().message, output->exit_status));
    }
    // Older versions have another JSON format. Recorded hosts may have them.
    const bool old = answer->major < 7 || (answer->major == 7 && answer->minor < 3);
    if (old && !host.recorded()) {
        return fail(ErrorKind::failed,
                    fmt::format("{}: smartctl {}.{} is too old; install smartmontools 7.3 or later",
                                device, answer->major, answer->minor));
    }
    const int status = answer->exit_status.value_or(output->exit_status);
    DriveReading reading{DriveReading::Kind::health, "smartctl", answer->health};
    if (answer->asleep || (status == asleep_status && answer->errors.empty())) {
        reading.kind = DriveReading::Kind::asleep;
        if (reading.health.power_state != PowerState::sleep) {
            reading.health.power_state = PowerState::standby;
        }
        return reading;
    }
    if (reading.health.would_show_failure()) return reading;
    const SmartctlExit exit = smartctl_exit(status);
    const bool failed = exit.bad_command_line || exit.open_failed || exit.some_command_failed;
    if (failed && !has_no_smart(*answer)) {
        return fail(ErrorKind::failed, fmt::format("{}: {}", device, reason(*answer, status)));
    }
    reading.kind = DriveReading::Kind::no_smart;
    return reading;
}

Result<std::vector<SmartctlDevice>> scan_with_smartctl(const Host& host) {
    Command command;
    command.arguments = {"smartctl", "--scan", "--json=c"};
    command.deadline = 10;
    const auto output = host.run(command);
    if (!output) {
        if (output.error().kind == ErrorKind::absent) return no_smartctl("a RAID controller");
        return Failure(output.error());
    }
    auto answer = parse_smartctl_json(output->standard_output);
    if (!answer) return Failure(answer.error());
    return std::move(answer->scanned);
}

}  // namespace lastgood
