#include "exporters/prometheus/serve.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <grp.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <optional>
#include <thread>

#include "core/clock.hpp"
#include "core/descriptor.hpp"
#include "core/report.hpp"
#include "core/text.hpp"
#include "exporters/prometheus/listen_address.hpp"
#include "exporters/prometheus/pages.hpp"
#include "exporters/prometheus/privileges.hpp"
#include "exporters/prometheus/self_check.hpp"
#include "tests/exporters/reports.hpp"
#include "tests/support.hpp"
#include "tests/temporary_directory.hpp"

using namespace lastgood;
using namespace lastgood::test;

namespace {

// The answer of a server on loopback to `request`; nullopt if it cannot be reached. Waits 10 s at
// most.
std::optional<std::string> talk(int port, const std::string& request) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval limit{10, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(fd);
        return std::nullopt;
    }
    [[maybe_unused]] const ssize_t sent = ::send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    std::string answer;
    char buffer[4096];
    for (ssize_t length; (length = ::recv(fd, buffer, sizeof buffer, 0)) > 0;) {
        answer.append(buffer, static_cast<size_t>(length));
    }
    ::close(fd);
    return answer;
}

std::string get(int port, const std::string& path, const std::string& method = "GET") {
    return talk(port, fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\n\r\n", method, path))
        .value_or("");
}

// Like the agent's runtime directory: everybody may read in it.
struct RuntimeDirectory : TemporaryDirectory {
    RuntimeDirectory() { REQUIRE(::chmod(path.c_str(), 0755) == 0); }
};

Report fresh_report() {
    Report report = failing_drive();
    report.written_at = wall_clock();
    return report;
}

int free_port() {
    HttpServer server;
    REQUIRE(server.start("127.0.0.1:0", [](const HttpRequest&) { return HttpAnswer{}; }));
    return server.port();
}

}  // namespace

TEST_CASE("each page has its status, content type and text") {
    const RuntimeDirectory folder;
    HttpServer server;
    REQUIRE(server.start("127.0.0.1:0", make_pages(folder.at("report.json"),
                                                   [] { return std::string("all rules"); })));
    const int port = server.port();
    REQUIRE(port > 0);

    CHECK(get(port, "/-/healthy").starts_with("HTTP/1.1 503 "));
    CHECK(get(port, "/-/healthy").find("is the agent running?") != std::string::npos);
    CHECK(get(port, "/metrics").starts_with("HTTP/1.1 200 "));
    CHECK(get(port, "/metrics").find("\nlastgood_") == std::string::npos);
    CHECK(get(port, "/").find("UNKNOWN") != std::string::npos);

    REQUIRE(write_report(fresh_report(), folder.at("report.json")));
    const auto metrics = get(port, "/metrics");
    CHECK(metrics.starts_with("HTTP/1.1 200 "));
    CHECK(metrics.find("Content-Type: text/plain; version=0.0.4") != std::string::npos);
    CHECK(metrics.find("lastgood_drive_pending_sectors{drive=\"wwn-0x5000c5000000000b\"} 1944\n") !=
          std::string::npos);
    CHECK(get(port, "/-/healthy").starts_with("HTTP/1.1 200 "));
    const auto page = get(port, "/");
    CHECK(page.find("href=\"/metrics\"") != std::string::npos);
    CHECK(page.find("CRITICAL") != std::string::npos);
    CHECK(page.find("<pre>") != std::string::npos);
    CHECK(page.find(": CRITICAL - lastgood</title>") != std::string::npos);
    CHECK(get(port, "/rules").ends_with("all rules"));

    for (const char* path : {"/metrics/", "/x", "/../../etc/passwd", "/-/reload", "/report.json"}) {
        CAPTURE(path);
        const auto answer = get(port, path);
        CHECK((answer.starts_with("HTTP/1.1 404 ") || answer.starts_with("HTTP/1.1 400 ")));
    }
    CHECK(get(port, "/metrics", "POST").starts_with("HTTP/1.1 405 "));
    CHECK(get(port, "/metrics", "PUT").starts_with("HTTP/1.1 405 "));
    CHECK(get(port, "/metrics", "DELETE").starts_with("HTTP/1.1 405 "));
    for (const char* body : {"Content-Length: 2\r\n\r\nab", "Transfer-Encoding: chunked\r\n\r\n"}) {
        CAPTURE(body);
        CHECK(talk(port, fmt::format("GET /metrics HTTP/1.1\r\nHost: localhost\r\n{}", body))
                  .value_or("")
                  .starts_with("HTTP/1.1 413 "));
    }
    const auto head = get(port, "/metrics", "HEAD");
    CHECK(head.starts_with("HTTP/1.1 200 "));
    CHECK(head.find("lastgood_drive") == std::string::npos);
}

TEST_CASE("no page passes on the escape sequences of a path") {
    HttpServer server;
    REQUIRE(server.start("127.0.0.1:0", make_pages("/no\033[2J\u202e\n/report.json", {})));
    for (const char* path : {"/", "/metrics", "/-/healthy", "/rules"}) {
        CAPTURE(path);
        const auto answer = get(server.port(), path);
        CHECK(answer.starts_with("HTTP/1.1 "));
        CHECK(answer.find('\033') == std::string::npos);
        CHECK(answer.find("\u202e") == std::string::npos);
    }
}

TEST_CASE("HEAD has the headers of GET, in the form that the client accepts") {
    const RuntimeDirectory folder;
    REQUIRE(write_report(fresh_report(), folder.at("report.json")));
    HttpServer server;
    REQUIRE(server.start("127.0.0.1:0", make_pages(folder.at("report.json"),
                                                   [] { return std::string(2000, 'r'); })));
    const auto headers = [&](const char* method, const char* path, const char* more) {
        const std::string answer =
            talk(server.port(),
                 fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\n{}\r\n", method, path, more))
                .value_or("");
        std::string head = answer.substr(0, answer.find("\r\n\r\n"));
        if (const size_t date = head.find("\r\nDate: "); date != head.npos)
            head.erase(date, head.find("\r\n", date + 2) - date);
        return head;
    };
    const char* const gzip = "Accept-Encoding: gzip\r\n";
    const char* const both =
        "Accept-Encoding: gzip\r\nAccept: application/openmetrics-text; version=1.0.0\r\n";
    struct Expected {
        const char *path, *request, *type, *vary;
        bool packed;
    };
    for (const auto& [path, request, type, vary, packed] :
         {Expected{"/metrics", "", "text/plain; version=0.0.4; charset=utf-8",
                   "Accept, Accept-Encoding", false},
          Expected{"/metrics", gzip, "text/plain; version=0.0.4; charset=utf-8",
                   "Accept, Accept-Encoding", true},
          Expected{"/metrics", both, "application/openmetrics-text; version=1.0.0; charset=utf-8",
                   "Accept, Accept-Encoding", true},
          Expected{"/", "", "text/html; charset=utf-8", "Accept-Encoding", false},
          Expected{"/", gzip, "text/html; charset=utf-8", "Accept-Encoding", true},
          Expected{"/rules", gzip, "text/html; charset=utf-8", "Accept-Encoding", true},
          Expected{"/style.css", gzip, "text/css; charset=utf-8", "", false}}) {
        // clang 14 captures no structured binding in a lambda.
        const std::string asked = fmt::format("{} {}", path, request);
        CAPTURE(asked);
        const std::string got = headers("GET", path, request);
        CHECK(got == headers("HEAD", path, request));
        CHECK(got.starts_with("HTTP/1.1 200 "));
        CHECK(got.find(fmt::format("\r\nContent-Type: {}\r\n", type)) != std::string::npos);
        CHECK((got.find("\r\nContent-Encoding: gzip\r\n") != std::string::npos) == packed);
        CHECK((got.find("\r\nVary: ") != std::string::npos) == (*vary != '\0'));
        CHECK(got.find("\r\nContent-Security-Policy: default-src 'none'; style-src 'self';") !=
              std::string::npos);
        CHECK(got.find("\r\nX-Content-Type-Options: nosniff\r\n") != std::string::npos);
        CHECK(got.find("\r\nReferrer-Policy: no-referrer\r\n") != std::string::npos);
        CHECK(got.find(*vary != '\0' ? fmt::format("\r\nVary: {}\r\n", vary) : "") !=
              std::string::npos);
    }
}

TEST_CASE("long, malformed or slow requests do not block other requests") {
    HttpServer server;
    REQUIRE(server.start("127.0.0.1:0", [](const HttpRequest&) {
        return HttpAnswer{200, "text/plain", "here"};
    }));
    const int port = server.port();
    CHECK(get(port, "/" + std::string(20'000, 'a')).find("here") == std::string::npos);
    CHECK(talk(port, "\x16\x03\x01\x02\r\n\r\n").value_or("").find("here") == std::string::npos);
    CHECK(get(port, "/").find("here") != std::string::npos);

    int idle[20];
    for (int& fd : idle) {
        fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(::send(fd, "GET / HT", 8, MSG_NOSIGNAL) == 8);
    }
    const auto begin = std::chrono::steady_clock::now();
    CHECK(get(port, "/").find("here") != std::string::npos);
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(9));
    for (const int fd : idle) {
        ::close(fd);
    }
}

TEST_CASE("listening addresses are parsed") {
    using Addresses = std::vector<ListenAddress>;
    CHECK(parse_listen_address("127.0.0.1:9847").value() == Addresses{{"127.0.0.1", 9847}});
    CHECK(parse_listen_address("localhost:80").value() == Addresses{{"127.0.0.1", 80}});
    CHECK(parse_listen_address("[::1]:9847").value() == Addresses{{"::1", 9847}});
    CHECK(parse_listen_address("[::]:9847").value() == Addresses{{"::", 9847}, {"0.0.0.0", 9847}});
    CHECK(parse_listen_address(":9847").value() == Addresses{{"::", 9847}, {"0.0.0.0", 9847}});
    for (const char* wrong :
         {"", "9847", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1:x", "::1:9847",
          "example.org:9847", "127.0.0.1:80s", "127.0.0.1:80,0.0.0.0:81", "[]:80", "[::1:80"}) {
        CAPTURE(wrong);
        CHECK(!parse_listen_address(wrong));
    }
}

TEST_CASE("the error for a port in use names the port") {
    HttpServer first, second;
    const auto nothing = [](const HttpRequest&) { return HttpAnswer{}; };
    REQUIRE(first.start("127.0.0.1:0", nothing));
    const auto started = second.start(fmt::format("127.0.0.1:{}", first.port()), nothing);
    REQUIRE(!started);
    CAPTURE(started.error().message);
    CHECK(started.error().message.find("in use") != std::string::npos);
    CHECK(started.error().message.find(std::to_string(first.port())) != std::string::npos);
}

TEST_CASE("[::] also listens on IPv4") {
    HttpServer server;
    REQUIRE(server.start("[::]:0", [](const HttpRequest&) {
        return HttpAnswer{200, "text/plain", "here"};
    }));
    CHECK(get(server.port(), "/").find("here") != std::string::npos);
}

TEST_CASE("the self-check finds a listener that hangs") {
    HttpServer server;
    REQUIRE(server.start("[::]:0", [](const HttpRequest&) { return HttpAnswer{503, "", "no"}; }));
    const Descriptor inside(server.connect_inside());
    CHECK(answers_on(inside.get(), 5));

    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    CHECK_FALSE(answers_on(ends[0], 0.2));  // nobody reads it
    ::close(ends[1]);
    CHECK_FALSE(answers_on(ends[0], 10));
    ::close(ends[0]);
    CHECK_FALSE(answers_on(-1, 10));
}

namespace {

// Runs the action in a child process, so that the test program keeps its own privileges.
int exit_status_of(int (*action)()) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(action());
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("privileges are dropped, and the check finds those that are left") {
    CHECK(exit_status_of([] { return give_up_privileges("nobody") ? 0 : 1; }) == 0);
    CHECK(exit_status_of([] { return check_no_privileges() ? 0 : 1; }) ==
          1);  // without dropping: at least no_new_privs is missing
    if (::geteuid() != 0) {
        test::skip("giving up root needs root");
        return;
    }
    CHECK(exit_status_of([] {
              const gid_t group = 12345;
              if (::setgroups(1, &group) != 0 || !give_up_privileges("nobody")) {
                  return 1;
              }
              const bool root = ::getuid() == 0 || ::geteuid() == 0 || ::getgid() == 0 ||
                                ::getgroups(0, nullptr) != 0;
              return root || ::setuid(0) == 0 || ::access("/etc/shadow", R_OK) == 0 ? 2 : 0;
          }) == 0);
    CHECK(exit_status_of([] { return give_up_privileges("root") ? 0 : 1; }) == 1);
    CHECK(exit_status_of([] { return give_up_privileges("no-such-user-here") ? 0 : 1; }) == 1);
}

namespace {

// In a user namespace that has root only, as after unshare -r.
bool enter_namespace_of_root() {
    const auto write = [](const char* path, std::string_view text) {
        const Descriptor file(::open(path, O_WRONLY | O_CLOEXEC));
        return ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
    };
    const std::string uid = fmt::format("0 {} 1", ::geteuid());
    const std::string gid = fmt::format("0 {} 1", ::getegid());
    return ::unshare(CLONE_NEWUSER) == 0 && write("/proc/self/setgroups", "deny") &&
           write("/proc/self/uid_map", uid) && write("/proc/self/gid_map", gid);
}

}  // namespace

TEST_CASE("root of a user namespace without other users keeps nothing but its name, and says so") {
    const int status = exit_status_of([] {
        if (!enter_namespace_of_root()) return 9;
        const auto kept = give_up_privileges("nobody");
        if (!kept) return 1;
        if (!contains(*kept, "has no user \"nobody\"")) return 2;
        return check_no_privileges(KeptUser::root_of_namespace) && !check_no_privileges() ? 0 : 3;
    });
    if (status == 9) return test::skip("this kernel allows no user namespace here");
    CHECK(status == 0);
}

TEST_CASE("serve tells systemd's watchdog well within its limit that it answers") {
    constexpr int limit = 6;  // s
    const RuntimeDirectory folder;
    REQUIRE(write_report(fresh_report(), folder.at("report.json")));
    const std::string path = folder.at("notify");
    const int notified = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(notified, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::chmod(path.c_str(), 0666) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
        ::setenv("WATCHDOG_USEC", fmt::format("{}000000", limit).c_str(), 1);
        ::unsetenv("WATCHDOG_PID");
        Config config;
        config.runtime_directory.value = folder.path;
        config.listen.value = fmt::format("127.0.0.1:{}", free_port());
        ::_exit(run_serve(config, false));
    }
    const timeval patience{60, 0};
    ::setsockopt(notified, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    std::vector<Seconds> told;
    char message[256];
    for (ssize_t length; told.size() < 2;) {
        length = ::recv(notified, message, sizeof message, 0);
        if (length <= 0) break;
        if (std::string_view(message, static_cast<size_t>(length)).starts_with("WATCHDOG=1"))
            told.push_back(monotonic_clock());
    }
    ::kill(child, SIGTERM);
    ::waitpid(child, nullptr, 0);
    ::close(notified);
    REQUIRE(told.size() == 2);
    CHECK(told[1] - told[0] < limit - 1);
}

TEST_CASE("serve runs without privileges until SIGTERM, and fails if the port is in use") {
    const RuntimeDirectory folder;
    REQUIRE(write_report(fresh_report(), folder.at("report.json")));
    Config config;
    config.runtime_directory = folder.path;
    const int port = free_port();
    config.listen = fmt::format("127.0.0.1:{}", port);

    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(run_serve(config));
    }
    std::string answer;
    for (int i = 0; i < 100 && answer.empty(); ++i) {
        answer = get(port, "/-/healthy");
        if (answer.empty()) {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
    }
    CHECK(answer.starts_with("HTTP/1.1 200 "));

    // The kernel's view of the process.
    const auto status = Host("/").read(fmt::format("/proc/{}/status", child));
    REQUIRE(status);
    CHECK(status->find("CapEff:\t0000000000000000") != std::string::npos);
    CHECK(status->find("CapPrm:\t0000000000000000") != std::string::npos);
    CHECK(status->find("CapInh:\t0000000000000000") != std::string::npos);
    CHECK(status->find("CapAmb:\t0000000000000000") != std::string::npos);
    CHECK(status->find("NoNewPrivs:\t1") != std::string::npos);
    CHECK(status->find("Uid:\t0") == std::string::npos);

    const pid_t second = ::fork();
    if (second == 0) {
        std::freopen("/dev/null", "w", stderr);
        ::_exit(run_serve(config));
    }
    int code = 0;
    ::waitpid(second, &code, 0);
    CHECK(WIFEXITED(code));
    CHECK(WEXITSTATUS(code) != 0);

    ::kill(child, SIGTERM);
    ::waitpid(child, &code, 0);
    CHECK(WIFEXITED(code));
    CHECK(WEXITSTATUS(code) == 0);
}
