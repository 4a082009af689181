#include "exporters/prometheus/listen_address.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

#include "core/text.hpp"

namespace lastgood {

namespace {

// Accepted sockets have these, too. The kernel's memory for connections counts for the unit's
// MemoryMax=: a client that reads nothing must not take megabytes of it.
constexpr int send_buffer = 64 * 1024, receive_buffer = 16 * 1024;  // bytes
constexpr int backlog = 4096;  // a flood fills it while the server does something else

void set_option(int socket, int level, int option, int value) {
    ::setsockopt(socket, level, option, &value, sizeof value);
}

// Sets errno on failure.
Descriptor listen_at(const addrinfo& address) {
    Descriptor made(
        ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP));
    const int socket = made.get();
    if (socket < 0) return made;
    set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);  // not refused after a restart
    set_option(socket, SOL_SOCKET, SO_SNDBUF, send_buffer);
    set_option(socket, SOL_SOCKET, SO_RCVBUF, receive_buffer);
    if (address.ai_family == AF_INET6) set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    if (::bind(socket, address.ai_addr, address.ai_addrlen) == 0 && ::listen(socket, backlog) == 0)
        return made;
    const int error = errno;
    made = Descriptor();
    errno = error;
    return made;
}

bool is_address(int family, std::string_view text) {
    in6_addr parsed{};  // has room for both
    const std::string without_scope(text.substr(0, text.find('%')));
    return ::inet_pton(family, without_scope.c_str(), &parsed) == 1;
}

std::string what_to_do(int error, uint16_t port) {
    if (error == EADDRINUSE)
        return fmt::format("; see which program has the port: ss -ltnp 'sport = :{}'", port);
    if (error == EADDRNOTAVAIL) return "; see the addresses of this host: ip address";
    if (error == EACCES) return "; a port below 1024 needs root: choose another one";
    return "";
}

}  // namespace

Result<std::vector<ListenAddress>> parse_listen_address(std::string_view listen) {
    const auto wrong = [&](std::string_view why) {
        return fail(ErrorKind::malformed,
                    fmt::format("listen = \"{}\": {}; write for instance \"127.0.0.1:9847\", or "
                                "\"[::]:9847\" for every address",
                                listen, why));
    };
    const size_t colon = listen.rfind(':');
    if (colon == std::string_view::npos) return wrong("the port is missing");
    std::string_view address = listen.substr(0, colon);
    const auto port = parse_number<uint16_t>(listen.substr(colon + 1));
    if (!port) return wrong("the port is not a number from 0 to 65535");
    if (address.empty() || address == "[::]" || address == "*")
        return std::vector{ListenAddress{"::", *port}, ListenAddress{"0.0.0.0", *port}};
    if (address == "localhost") address = "127.0.0.1";
    // Names are not resolved: the listening address must not depend on a name server.
    const bool brackets = address.front() == '[';
    if (brackets) {
        if (address.back() != ']') return wrong("this is not an IPv6 address in brackets");
        address = address.substr(1, address.size() - 2);
    } else if (!consists_of(address, "0123456789.")) {
        return wrong("the address is not numeric");
    }
    if (!is_address(brackets ? AF_INET6 : AF_INET, address))
        return wrong(fmt::format("this is no IPv{} address", brackets ? 6 : 4));
    return std::vector{ListenAddress{std::string(address), *port}};
}

Result<Descriptor> open_listener(std::string_view listen) {
    const auto addresses = parse_listen_address(listen);
    if (!addresses) return Failure(addresses.error());
    std::string why;
    int error = 0;
    for (const ListenAddress& address : *addresses) {
        addrinfo hints{};
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
        hints.ai_socktype = SOCK_STREAM;
        addrinfo* found = nullptr;
        const std::string port = std::to_string(address.port);
        if (const int failed = ::getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found);
            failed != 0) {
            why = ::gai_strerror(failed);
            continue;
        }
        const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
        Descriptor made = listen_at(*found);
        if (made.get() >= 0) return made;
        error = errno;
        why = errno_text(error);
        if (error == EADDRINUSE) break;  // IPv4 alone would hide that another program answers IPv6
    }
    return fail(ErrorKind::failed, fmt::format("cannot listen on {}: {}{}", listen, why,
                                               what_to_do(error, addresses->front().port)));
}

int port_of(int socket) {
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size) != 0) return 0;
    if (bound.ss_family == AF_INET)
        return ntohs(reinterpret_cast<const sockaddr_in&>(bound).sin_port);
    if (bound.ss_family == AF_INET6)
        return ntohs(reinterpret_cast<const sockaddr_in6&>(bound).sin6_port);
    return 0;
}

}  // namespace lastgood
