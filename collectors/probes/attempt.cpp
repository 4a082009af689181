#include "collectors/probes/attempt.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <grp.h>
#include <netdb.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>

#include "core/bytes.hpp"
#include "core/clock.hpp"
#include "core/descriptor.hpp"
#include "core/files.hpp"

namespace lastgood {

namespace {

AttemptResult failed(int error) {
    AttemptResult result;
    result.error = error;
    return result;
}

AttemptResult failed(std::string_view why) {
    AttemptResult result;
    result.error = AttemptResult::no_errno;
    const size_t length = std::min(why.size(), sizeof result.text - 1);
    why.copy(result.text, length);
    result.text[length] = '\0';
    return result;
}

// A file that has no name, or none any more. -1: errno says why not.
int open_unnamed(const std::string& directory) {
    const int file = ::open(directory.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    // EISDIR: the kernel, EOPNOTSUPP: the filesystem does not know O_TMPFILE.
    if (file >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOSYS)) return file;
    const std::string path = fmt::format("{}/.lastgood-probe-{}", directory, unguessable());
    const int named =
        ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (named >= 0) ::unlink(path.c_str());
    return named;
}

// Waits until the descriptor is ready for `events`. The deadline is that of the child.
bool wait_for(int fd, short events) {
    pollfd one{fd, events, 0};
    int ready = 0;
    do ready = ::poll(&one, 1, -1);
    while (ready < 0 && errno == EINTR);
    return ready > 0;
}

struct FreeAddresses {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

// A connected socket; -1: errno says why not.
Descriptor connect_to(const addrinfo& address) {
    Descriptor socket(::socket(address.ai_family,
                               address.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                               address.ai_protocol));
    if (socket.get() < 0) return Descriptor();
    if (::connect(socket.get(), address.ai_addr, address.ai_addrlen) == 0) return socket;
    if (errno != EINPROGRESS || !wait_for(socket.get(), POLLOUT)) return Descriptor();
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0)
        return socket;
    errno = error;
    return Descriptor();
}

// The answer must begin with `expect`; more than that is not read.
AttemptResult ask(int socket, const std::string& question, std::string_view expect) {
    if (::send(socket, question.data(), question.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(question.size()))
        return failed(errno);
    std::string answer;
    while (answer.size() < expect.size()) {
        char buffer[512];
        if (!wait_for(socket, POLLIN)) return failed(errno);
        const ssize_t count =
            ::recv(socket, buffer, std::min(sizeof buffer, expect.size() - answer.size()), 0);
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (count < 0) return failed(errno);
        if (count == 0) return failed("it closed the connection before its answer");
        answer.append(buffer, static_cast<size_t>(count));
        if (!expect.starts_with(answer)) return failed("its answer is not the expected one");
    }
    return {};
}

}  // namespace

AttemptResult write_once(const std::string& directory) {
    const Descriptor file(open_unnamed(directory));
    if (file.get() < 0) return failed(errno);
    constexpr std::string_view text = "lastgood write\n\0";
    const Seconds started = monotonic_clock();
    const ssize_t written = ::pwrite(file.get(), text.data(), 16, 0);
    if (written != 16) return failed(written < 0 ? errno : ENOSPC);
    if (::fdatasync(file.get()) != 0) return failed(errno);
    AttemptResult result;
    result.took = monotonic_clock() - started;
    return result;
}

std::optional<HostAndPort> split_address(std::string_view address) {
    const size_t colon = address.rfind(':');
    if (colon == address.npos || colon == 0 || colon + 1 == address.size()) return std::nullopt;
    std::string_view host = address.substr(0, colon);
    const std::string_view port = address.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']'))
        host = host.substr(1, host.size() - 2);
    else if (host.find(':') != host.npos)
        return std::nullopt;
    const bool is_number = std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
    if (host.empty() || port.size() > 5 || !is_number) return std::nullopt;
    const int number = std::stoi(std::string(port));
    if (number < 1 || number > 65535) return std::nullopt;
    return HostAndPort{std::string(host), std::string(port)};
}

AttemptResult connect_once(const Probe& probe) {
    const auto target = split_address(probe.target);
    if (!target) return failed("the address has no port");
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const int error = ::getaddrinfo(target->host.c_str(), target->port.c_str(), &wanted, &found);
    if (error != 0)
        return failed(fmt::format("{} cannot be resolved: {}", target->host, gai_strerror(error)));
    const Addresses addresses(found);
    int last_error = EHOSTUNREACH;
    // The name's look-up is not measured.
    for (const addrinfo* one = addresses.get(); one != nullptr; one = one->ai_next) {
        const Seconds started = monotonic_clock();
        const Descriptor socket = connect_to(*one);
        if (socket.get() < 0) {
            last_error = errno;
            continue;
        }
        AttemptResult result;
        if (!probe.expect.empty()) result = ask(socket.get(), probe.send, probe.expect);
        if (result.error == 0) result.took = monotonic_clock() - started;
        return result;
    }
    return failed(last_error);
}

Result<RunAs> find_user(const std::string& name) {
    if (name.empty()) return RunAs{};
    std::vector<char> buffer(16 * kib);
    passwd entry{};
    passwd* found = nullptr;
    ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found == nullptr)
        return fail(ErrorKind::absent, fmt::format("there is no user \"{}\"", name));
    RunAs who{true, entry.pw_uid, entry.pw_gid, std::vector<gid_t>(256)};
    int count = static_cast<int>(who.groups.size());
    if (::getgrouplist(name.c_str(), who.group, who.groups.data(), &count) < 0)
        return fail(ErrorKind::failed, fmt::format("user \"{}\" is in too many groups", name));
    who.groups.resize(static_cast<size_t>(count));
    if (who.user == ::geteuid()) who.switches = false;
    return who;
}

int become(const RunAs& who, const std::vector<std::string>& command,
           const std::vector<std::string>& environment) {
    std::vector<char*> arguments, variables;
    for (const std::string& one : command) arguments.push_back(const_cast<char*>(one.c_str()));
    for (const std::string& one : environment) variables.push_back(const_cast<char*>(one.c_str()));
    arguments.push_back(nullptr);
    variables.push_back(nullptr);
    if (who.switches && (::setgroups(who.groups.size(), who.groups.data()) != 0 ||
                         ::setresgid(who.group, who.group, who.group) != 0 ||
                         ::setresuid(who.user, who.user, who.user) != 0))
        return errno;
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // lost with the user
    ::execve(arguments[0], arguments.data(), variables.data());
    return errno;
}

}  // namespace lastgood
