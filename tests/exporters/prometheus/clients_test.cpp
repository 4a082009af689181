#include "exporters/prometheus/clients.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>

#include <cstring>
#include <string>

using namespace lastgood;

namespace {

using Sockets = std::vector<int>;

ClientAddress address(const std::string& text) {
    sockaddr_storage storage{};
    if (text.find(':') == text.npos) {
        auto& four = reinterpret_cast<sockaddr_in&>(storage);
        four.sin_family = AF_INET;
        REQUIRE(::inet_pton(AF_INET, text.c_str(), &four.sin_addr) == 1);
    } else {
        auto& six = reinterpret_cast<sockaddr_in6&>(storage);
        six.sin6_family = AF_INET6;
        REQUIRE(::inet_pton(AF_INET6, text.c_str(), &six.sin6_addr) == 1);
    }
    return client_address(storage);
}

constexpr Clients::Limits small{.all = 6, .of_one_address = 4, .request = 5, .life = 30};

}  // namespace

TEST_CASE("one machine is one client, whatever it calls itself") {
    CHECK(address("192.0.2.1") == address("::ffff:192.0.2.1"));
    CHECK(address("192.0.2.1") != address("192.0.2.2"));
    CHECK(address("2001:db8::1") == address("2001:db8::ffff:1"));
    CHECK(address("2001:db8::1") != address("2001:db8:0:1::1"));
    CHECK(address("0.0.0.0") != address("::"));
}

TEST_CASE("an address with too many connections loses its oldest ones") {
    Clients clients(small);
    const auto attacker = address("192.0.2.1"), good = address("192.0.2.2");
    clients.add(1, good, 0);
    for (int socket = 11; socket <= 14; ++socket) clients.add(socket, attacker, 0);
    CHECK(clients.to_end(0) == Sockets{});
    clients.add(15, attacker, 0);
    CHECK(clients.to_end(0) == Sockets{11});
    CHECK(clients.to_end(0) == Sockets{});  // once
    clients.add(16, attacker, 0);
    clients.add(17, attacker, 0);
    CHECK(clients.to_end(0) == Sockets{12, 13});
}

TEST_CASE("when there are too many of all, the address with most of them loses") {
    Clients clients(small);
    const auto one = address("192.0.2.1"), two = address("192.0.2.2");
    clients.add(1, two, 0);
    clients.add(2, two, 0);
    for (int socket = 11; socket <= 14; ++socket) clients.add(socket, one, 0);
    CHECK(clients.to_end(0) == Sockets{});
    clients.add(3, address("192.0.2.3"), 0);
    CHECK(clients.to_end(0) == Sockets{11});
    clients.add(4, address("192.0.2.4"), 0);
    CHECK(clients.to_end(0) == Sockets{12});
}

TEST_CASE("of addresses that have equally many, the oldest connection loses, whatever the number") {
    for (const char* good : {"192.0.2.1", "192.0.2.4", "192.0.2.99"}) {
        CAPTURE(good);
        Clients clients(small);
        for (int last = 10; last < 16; ++last)
            clients.add(last, address("192.0.2." + std::to_string(last)), 0);
        clients.add(1, address(good), 0);
        CHECK(clients.to_end(0) == Sockets{10});
        clients.add(2, address("192.0.2.16"), 0);
        CHECK(clients.to_end(0) == Sockets{11});
    }
}

TEST_CASE("a connection has a limit for its request and one for its whole life") {
    Clients clients(small);
    CHECK(clients.next_deadline() == 0);
    const auto asks = clients.add(1, address("192.0.2.1"), 100);
    clients.add(2, address("192.0.2.1"), 101);
    CHECK(clients.next_deadline() == 105);
    clients.asked(asks);
    CHECK(clients.next_deadline() == 106);
    CHECK(clients.to_end(105.9) == Sockets{});
    CHECK(clients.to_end(106) == Sockets{2});
    CHECK(clients.next_deadline() == 130);
    CHECK(clients.to_end(130) == Sockets{1});
    CHECK(clients.next_deadline() == 0);
    CHECK(clients.size() == 2);  // until they are closed
}

TEST_CASE("a closed connection is no longer counted") {
    Clients clients(small);
    const auto attacker = address("192.0.2.1");
    for (int round = 0; round < 10; ++round) {
        Clients::Number numbers[4];
        for (auto& number : numbers) number = clients.add(1, attacker, 0);
        CHECK(clients.to_end(0) == Sockets{});
        for (const auto number : numbers) clients.remove(number);
        clients.remove(numbers[0]);  // unknown by now
    }
    CHECK(clients.size() == 0);
}
