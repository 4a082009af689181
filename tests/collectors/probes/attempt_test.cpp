#include "collectors/probes/attempt.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <thread>

#include "collectors/probes/written.hpp"
#include "tests/temporary_directory.hpp"

using namespace lastgood;
using lastgood::test::TemporaryDirectory;

namespace {

// Listens on loopback; answers one client with `answer`.
class Listener {
  public:
    explicit Listener(std::string answer)
        : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        REQUIRE(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), length) == 0);
        REQUIRE(::listen(socket_.get(), 4) == 0);
        ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &length);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this, answer = std::move(answer)] {
            const Descriptor client(::accept(socket_.get(), nullptr, nullptr));
            char question[16];
            if (answer.empty() || ::read(client.get(), question, sizeof question) <= 0) return;
            [[maybe_unused]] const auto sent = ::write(client.get(), answer.data(), answer.size());
        });
    }
    ~Listener() { thread_.join(); }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  private:
    Descriptor socket_;
    uint16_t port_ = 0;
    std::thread thread_;
};

AttemptResult connect(const std::string& address, const std::string& send = "",
                      const std::string& expect = "") {
    Probe probe;
    probe.kind = ProbeKind::address;
    probe.target = address;
    probe.send = send;
    probe.expect = expect;
    return connect_once(probe);
}

}  // namespace

TEST_CASE("a write leaves nothing behind, and says why it fails") {
    TemporaryDirectory there;
    const AttemptResult result = write_once(there.path);
    CHECK(result.error == 0);
    CHECK(result.took > 0);
    CHECK(std::filesystem::is_empty(there.path));
    CHECK(write_once(there.at("missing")).error == ENOENT);
    CHECK(write_once(there.write("file", "x")).error == ENOTDIR);
    CHECK(write_once("/proc").error != 0);
}

TEST_CASE("a connection, a question and its answer") {
    {
        const Listener listener("");
        const AttemptResult result = connect(listener.address());
        CHECK(result.error == 0);
        CHECK(result.took > 0);
    }
    {
        const Listener listener("+PONG\r\n");
        CHECK(connect(listener.address(), "PING\r\n", "+PONG").error == 0);
    }
    {
        const Listener listener("-ERR\r\n");
        const AttemptResult result = connect(listener.address(), "PING\r\n", "+PONG");
        CHECK(result.error == AttemptResult::no_errno);
        CHECK(std::string(result.text) == "its answer is not the expected one");
    }
    {
        const Listener listener("+PO");
        const AttemptResult result = connect(listener.address(), "PING\r\n", "+PONG");
        CHECK(std::string(result.text) == "it closed the connection before its answer");
    }
    CHECK(connect("127.0.0.1:1").error == ECONNREFUSED);
}

TEST_CASE("addresses") {
    CHECK(split_address("db1:5432")->host == "db1");
    CHECK(split_address("[2001:db8::1]:5432")->host == "2001:db8::1");
    CHECK(split_address("[2001:db8::1]:5432")->port == "5432");
    for (const char* wrong : {"", "db1", "db1:", ":5432", "db1:0", "db1:65536", "db1:x", "[]:1",
                              "2001:db8::1:5432", "db1:999999"}) {
        CAPTURE(wrong);
        CHECK(!split_address(wrong));
    }
}

TEST_CASE("users") {
    CHECK(find_user("").value().switches == false);
    const auto root = find_user("root");
    REQUIRE(root);
    CHECK(root->user == 0);
    CHECK(root->switches == (::geteuid() != 0));
    CHECK(find_user("no-such-user-here").error().kind == ErrorKind::absent);
}

TEST_CASE("writes of a block device are counted") {
    CHECK(writes_completed("  10 0 80 5  77 0 616 9 0 14 14\n") == 77);
    CHECK(!writes_completed("10 0 80 5"));
    CHECK(!writes_completed("a b c d e"));
    CHECK(!writes_completed(""));
}
