#include "exporters/prometheus/self_check.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <string_view>

#include "core/clock.hpp"

namespace lastgood {

namespace {

bool readable_before(int fd, Seconds end) {
    pollfd waited{fd, POLLIN, 0};
    int count = 0;
    do {
        const Seconds left = end - monotonic_clock();
        if (left <= 0) return false;
        count = ::poll(&waited, 1, static_cast<int>(left * 1000));
    } while (count < 0 && errno == EINTR);
    return count == 1;
}

}  // namespace

bool answers_on(int connection, Seconds limit) {
    const Seconds end = monotonic_clock() + limit;
    constexpr std::string_view request = "HEAD /-/healthy HTTP/1.0\r\n\r\n";
    char answer[64];
    return ::send(connection, request.data(), request.size(), MSG_NOSIGNAL) > 0 &&
           readable_before(connection, end) && ::recv(connection, answer, sizeof answer, 0) > 0;
}

}  // namespace lastgood
