#include "exporters/prometheus/self_check.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <string_view>

#include "core/clock.hpp"
#include "core/descriptor.hpp"

namespace lastgood {

namespace {

bool ready_before(int fd, short events, Seconds end) {
    pollfd waited{fd, events, 0};
    int count = 0;
    do {
        const Seconds left = end - monotonic_clock();
        if (left <= 0) return false;
        count = ::poll(&waited, 1, static_cast<int>(left * 1000));
    } while (count < 0 && errno == EINTR);
    return count == 1;
}

// Returns a connected socket, or none.
Descriptor connect_before(const addrinfo& address, Seconds end) {
    Descriptor made(
        ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP));
    if (made.get() < 0) return made;
    int error = 0;
    socklen_t size = sizeof error;
    const bool connected =
        ::connect(made.get(), address.ai_addr, address.ai_addrlen) == 0 ||
        (errno == EINPROGRESS && ready_before(made.get(), POLLOUT, end) &&
         ::getsockopt(made.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0);
    return connected ? std::move(made) : Descriptor();
}

}  // namespace

bool answers_itself(const std::string& listen, Seconds limit) {
    const Seconds end = monotonic_clock() + limit;
    const size_t colon = listen.rfind(':');
    if (colon == listen.npos) return true;
    std::string host = listen.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    // A server on every address also answers on IPv4 loopback.
    if (host.empty() || host == "::" || host == "*" || host == "0.0.0.0" || host == "localhost")
        host = "127.0.0.1";
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), listen.c_str() + colon + 1, &hints, &found) != 0) return true;
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
    const Descriptor connection = connect_before(*found, end);
    if (connection.get() < 0) return true;
    constexpr std::string_view request = "HEAD /-/healthy HTTP/1.0\r\n\r\n";
    if (::send(connection.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return true;
    char answer[64];
    return ready_before(connection.get(), POLLIN, end) &&
           ::recv(connection.get(), answer, sizeof answer, 0) > 0;
}

}  // namespace lastgood
