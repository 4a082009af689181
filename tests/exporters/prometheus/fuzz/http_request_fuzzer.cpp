#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/descriptor.hpp"
#include "exporters/prometheus/certificate.hpp"
#include "exporters/prometheus/http_server.hpp"
#include "exporters/prometheus/pages.hpp"
#include "exporters/prometheus/passwords.hpp"
#include "exporters/prometheus/self_check.hpp"

using namespace lastgood;

namespace {

[[noreturn]] void wrong(const char* what, std::string_view answer) {
    std::fprintf(stderr, "%s: %.*s\n", what, static_cast<int>(answer.size()), answer.data());
    std::abort();
}

HttpServer& server() {
    static HttpServer running;
    static const bool started = [] {
        const auto made = running.start("127.0.0.1:0", make_pages("/nonexistent/report.json", [] {
                                            return std::string(5000, 'r');
                                        }));
        if (!made) wrong("start", made.error().message);
        return true;
    }();
    (void)started;
    return running;
}

void send_all(int socket, std::string_view text) {
    while (!text.empty()) {
        pollfd writable{socket, POLLOUT, 0};
        if (::poll(&writable, 1, 10'000) != 1) return;  // more than it reads of a request
        const ssize_t sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;  // it is answered already
        text.remove_prefix(static_cast<size_t>(sent));
    }
}

// What has come until now.
std::string read_some(int socket) {
    std::string answer;
    std::array<char, 65536> buffer;
    ssize_t length = 0;
    while ((length = ::recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT)) > 0)
        answer.append(buffer.data(), static_cast<size_t>(length));
    return answer;
}

void check(std::string_view answer) {
    if (answer.empty()) return;  // no request was complete
    if (!answer.starts_with("HTTP/1.1 ") && !answer.starts_with("HTTP/1.0 "))
        wrong("this is no answer", answer);
    constexpr std::array statuses{"200", "400", "404", "405", "413", "414",
                                  "431", "500", "501", "503", "505"};
    const std::string_view status = answer.substr(9, 3);
    if (std::ranges::find(statuses, status) == statuses.end()) wrong("status", answer);
}

}  // namespace

// The first byte says where the rest is divided into two packets. One answer or none comes, and the
// server answers the next client.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    (void)parse_basic_authorization(text);
    (void)Passwords::parse(text, "file");
    (void)end_of_certificate("-----BEGIN CERTIFICATE-----" + std::string(text));
    const Descriptor connection(server().connect_inside());
    const size_t first = text.size() * data[0] / 255;
    send_all(connection.get(), text.substr(0, first));
    send_all(connection.get(), text.substr(first));
    const Descriptor next(server().connect_inside());
    if (!answers_on(next.get(), 10)) wrong("the server hangs", text);
    check(read_some(connection.get()));
    return 0;
}
