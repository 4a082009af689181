#include "core/process.hpp"

#include <fmt/core.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "core/bytes.hpp"
#include "core/child_process.hpp"
#include "core/clock.hpp"

namespace lastgood {

namespace {

constexpr size_t error_limit = 64 * kib;

enum class Reading { ended, too_long, too_much };

// Reads until both pipes are closed or the child has ended.
Reading read_all(const ChildProcess& child, int output, int error, Seconds end, size_t output_limit,
                 CommandOutput& result) {
    char buffer[16384];
    pollfd sources[3] = {{output, POLLIN, 0}, {error, POLLIN, 0}, {child.pidfd(), POLLIN, 0}};
    while (sources[0].fd >= 0 || sources[1].fd >= 0) {
        const Seconds left = end - monotonic_clock();
        if (left <= 0) return Reading::too_long;
        if (::poll(sources, 3, child.poll_timeout(left)) < 0) {
            if (errno == EINTR) continue;  // revents are those of the last call
            break;
        }
        bool read_any = false;
        for (int index = 0; index < 2; ++index) {
            if (sources[index].fd < 0 || sources[index].revents == 0) continue;
            const ssize_t count = ::read(sources[index].fd, buffer, sizeof buffer);
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) {
                sources[index].fd = -1;
                continue;
            }
            read_any = true;
            const auto piece = std::string_view(buffer, static_cast<size_t>(count));
            if (index == 0)
                result.standard_output += piece;
            else if (result.standard_error.size() < error_limit)
                result.standard_error += piece;
        }
        if (result.standard_output.size() > output_limit) return Reading::too_much;
        // The child has ended but a grandchild holds the pipe open: everything available has been
        // read.
        if (!read_any && child.has_ended()) break;
    }
    return Reading::ended;
}

}  // namespace

Result<CommandOutput> run_process(const Command& command, std::string_view search_path) {
    if (command.arguments.empty()) return fail(ErrorKind::failed, "no command");
    const std::string& name = command.arguments[0];
    const auto failed = [&](const Error& error) {
        return fail(error.kind, fmt::format("{}: {}", name, error.message));
    };
    auto output = open_pipe();
    if (!output) return failed(output.error());
    auto error = open_pipe();
    if (!error) return failed(error.error());
    auto child = ChildProcess::start(name, command.arguments,
                                     {.output = output->write.get(),
                                      .error = error->write.get(),
                                      .environment = command.environment,
                                      .search_path = std::string(search_path)});
    if (!child) return failed(child.error());
    output->write.close();
    error->write.close();

    CommandOutput result;
    const Seconds end = monotonic_clock() + command.deadline;
    const Reading reading =
        read_all(*child, output->read.get(), error->read.get(), end, command.output_limit, result);
    std::optional<ProcessEnd> how;
    if (reading == Reading::ended) how = child->wait(std::max(0.0, end - monotonic_clock()));
    while (!how && child->escalate()) how = child->wait(ChildProcess::kill_interval);
    if (!how)
        return fail(ErrorKind::timed_out,
                    fmt::format("{}: did not end within {} and could not be killed", name,
                                format_duration(command.deadline)));
    if (how->exec_error != 0)
        return fail(how->exec_error == ENOENT ? ErrorKind::absent : ErrorKind::failed,
                    fmt::format("{}: {}", name, errno_text(how->exec_error)));
    if (reading == Reading::too_much)
        return fail(ErrorKind::failed,
                    fmt::format("{}: printed more than {}", name,
                                format_size(static_cast<double>(command.output_limit))));
    if (child->was_told_to_end())
        return fail(ErrorKind::timed_out, fmt::format("{}: did not end within {}", name,
                                                      format_duration(command.deadline)));
    result.exit_status = how->by_signal ? 128 + how->status : how->status;
    return result;
}

}  // namespace lastgood
