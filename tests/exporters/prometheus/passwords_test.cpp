#include "exporters/prometheus/passwords.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <atomic>
#include <future>
#include <thread>

#include "core/clock.hpp"
#include "exporters/prometheus/password_gate.hpp"
#include "exporters/prometheus/protection.hpp"
#include "tests/temporary_directory.hpp"

using namespace lastgood;

namespace {

// Of the password "secret".
constexpr const char* bcrypt = "$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a";
constexpr const char* sha512 =
    "$6$rounds=1000$salt$HNxBeBnDfSfUrTj6KiLnmd7tGCvHEmcExh8kl/"
    "S0cZ5WrCciNZgfhbpkeFQ4JfkHX.8vPq45lY0iINnCx1Lkm.";

std::string message_of(std::string_view text) {
    const auto read = Passwords::parse(text, "file");
    return read ? "" : read.error().message;
}

}  // namespace

TEST_CASE("basic authorization is decoded, and nothing else") {
    const auto given = parse_basic_authorization("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    REQUIRE(given);
    CHECK(given->user == "Aladdin");
    CHECK(given->password == "open sesame");
    CHECK(parse_basic_authorization("bASIC  dTo6eA")->password == ":x");
    CHECK(parse_basic_authorization("Basic dTo=")->password.empty());
    for (const char* wrong : {"", "Basic", "Basic ", "Basic !", "Basic dQ==", "Bearer dTp4",
                              "Basic dTp4AHk=", "Basic dT p4", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}) {
        CAPTURE(wrong);
        CHECK(!parse_basic_authorization(wrong));
    }
}

TEST_CASE("a password file has users with hashes") {
    const auto read = Passwords::parse(
        fmt::format("# made by htpasswd\n\n  alice:{}\r\nbob: {}\n", bcrypt, sha512), "file");
    REQUIRE_MESSAGE(read, message_of(fmt::format("a:{}\nb:{}", bcrypt, sha512)));
    CHECK(read->check({"alice", "secret"}));
    CHECK(read->check({"bob", "secret"}));
    CHECK_FALSE(read->check({"alice", "Secret"}));
    CHECK_FALSE(read->check({"alice", ""}));
    CHECK_FALSE(read->check({"carol", "secret"}));
    CHECK_FALSE(read->check({"", ""}));
}

TEST_CASE("a line that protects nothing is refused with its number") {
    CHECK(message_of("").find("no user") != std::string::npos);
    CHECK(message_of("# only\n\n").find("no user") != std::string::npos);
    CHECK(message_of("\nalice\n").starts_with("file:2: write USER:HASH"));
    CHECK(message_of(":x").starts_with("file:1: write USER:HASH"));
    for (const char* weak : {"alice:", "alice:secret", "alice:$1$salt$hash", "alice:aaXY3HDzDLN8k",
                             "alice:$apr1$x$y", "alice:{SHA}x", "alice:*", "alice:!"}) {
        CAPTURE(weak);
        CHECK(message_of(weak).starts_with("file:1: this is no hash"));
    }
    CHECK(message_of("alice:$2y$05$short").find("incomplete") != std::string::npos);
    CHECK(message_of("alice:$6$").find("incomplete") != std::string::npos);
    CHECK(message_of(fmt::format("a:{0}\na:{0}", bcrypt)).starts_with("file:2: the user \"a\""));
    CHECK(message_of(fmt::format("a\x1b:{}", bcrypt)).find("control character") !=
          std::string::npos);
    std::string many;
    for (size_t user = 0; user <= Passwords::most_users; ++user)
        many += fmt::format("{}:{}\n", user, sha512);
    CHECK(message_of(many).starts_with("file:1001: there are more than 1000 users"));
}

TEST_CASE("hashes of every method are taken, and none that takes minutes or much memory") {
    const std::string bcrypt_end = "$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a";
    const std::string salt = "k2XAnEHBqQ1Ct2aMXFKNa/$";
    const std::string end = salt + "A6IVixvhoQHDw1QkTPSWvnKLYCEH.Z8QGvH0DgLtQ1C";
    const std::string sha512_end(86, 'a'), sha256_end(43, 'a');
    for (const std::string& good :
         {"$2a$04" + bcrypt_end, "$2b$12" + bcrypt_end, "$2y$15" + bcrypt_end, "$y$j75$" + end,
          "$y$j9T$" + end, "$y$jBT$" + end, "$gy$j9T$" + end, "$7$BU..../...." + end,
          "$7$CU..../...." + end, "$5$salt$" + sha256_end, "$6$salt$" + sha512_end,
          "$6$rounds=5000000$salt$" + sha512_end}) {
        CAPTURE(good);
        CHECK(message_of("alice:" + good) == "");
    }
    for (const std::string& costly :
         {"$2y$16" + bcrypt_end, "$2b$31" + bcrypt_end, "$2y$99" + bcrypt_end, "$y$jCT$" + end,
          "$y$jFT$" + end, "$y$jzz$" + end, "$gy$jFT$" + end, "$y$$" + end, "$y$j9T/.$" + end,
          "$7$DU..../...." + end, "$7$zU..../...." + end, "$7$CU..../z..." + end,
          "$6$rounds=5000001$salt$" + sha512_end, "$5$rounds=999999999$salt$" + sha256_end,
          "$5$rounds=99999999999$salt$" + sha256_end}) {
        CAPTURE(costly);
        CHECK(message_of("alice:" + costly).find("too much time or memory") != std::string::npos);
    }
}

TEST_CASE("a byte order mark is no part of the first user's name") {
    const auto read = Passwords::parse(fmt::format("\xef\xbb\xbf"
                                                   "alice:{}\r\n",
                                                   bcrypt),
                                       "file");
    REQUIRE(read);
    CHECK(read->check({"alice", "secret"}));
}

TEST_CASE("passwords are parsed again only when their text has changed") {
    const test::TemporaryDirectory directory;
    Config config;
    config.password_file.value = directory.write("passwords", fmt::format("alice:{}\n", bcrypt));
    Protection known;
    known.password_text = fmt::format("alice:{}\n", bcrypt);
    known.passwords = *Passwords::parse(fmt::format("bob:{}\n", bcrypt), "file");
    CHECK(*read_protection(config, known) == known);
    CHECK(read_protection(config)->passwords->check({"alice", "secret"}));
    directory.write("passwords", fmt::format("carol:{}\n", bcrypt));
    CHECK(read_protection(config, known)->passwords->check({"carol", "secret"}));
}

TEST_CASE("with half of a certificate there is no listener without TLS") {
    const test::TemporaryDirectory directory;
    const std::string pem =
        directory.write("pem", "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n");
    Config config;
    config.tls_certificate.value = pem;
    CHECK_FALSE(read_protection(config));
    config.tls_key.value = pem;
    CHECK(read_protection(config));
    config.tls_certificate.value = "";
    CHECK_FALSE(read_protection(config));
}

TEST_CASE("the mark of a text is SipHash-2-4") {
    // The test vector of the paper, appendix A.
    const MarkKey key{0x0706050403020100, 0x0f0e0d0c0b0a0908, 1, 2};
    const std::string text("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e", 15);
    CHECK(mark_of(text, key)[0] == 0xa129ca6149be45e5);
    CHECK(mark_of(text, key)[1] != mark_of(text, key)[0]);
}

TEST_CASE("the gate checks a password once, and lets an address guess once a second") {
    using Verdict = PasswordGate::Verdict;
    std::promise<void> first, second;
    int ready = 0;
    auto passwords = Passwords::parse(fmt::format("u:{}", bcrypt), "file");
    REQUIRE(passwords);
    PasswordGate gate(*passwords, [&] { (++ready == 1 ? first : second).set_value(); });
    const ClientAddress one{4, 1}, two{4, 2};
    const std::string right = "Basic dTpzZWNyZXQ=", wrong = "Basic dTp4";
    CHECK(gate.ask("", one, 1, 0) == Verdict::refused);
    REQUIRE(gate.ask(right, one, 1, 0) == Verdict::later);
    CHECK(gate.ask(right, one, 2, 0) == Verdict::too_many);  // one at a time of an address
    first.get_future().wait();
    CHECK(gate.take_results(0) == std::vector<std::pair<Clients::Number, bool>>{{1, true}});
    CHECK(gate.take_results(0).empty());
    CHECK(gate.ask(right, one, 3, 0) == Verdict::passes);
    REQUIRE(gate.ask(wrong, one, 4, 0) == Verdict::later);
    second.get_future().wait();
    CHECK(gate.take_results(10) == std::vector<std::pair<Clients::Number, bool>>{{4, false}});
    CHECK(gate.ask(wrong, one, 5, 10.5) == Verdict::too_many);
    CHECK(gate.ask(right, one, 6, 10.5) == Verdict::passes);
    CHECK(gate.ask(right, two, 7, 10.5) == Verdict::passes);
}

TEST_CASE("who goes on guessing waits ever longer, so that few addresses do not keep others out") {
    using Verdict = PasswordGate::Verdict;
    std::atomic<int> ready = 0;
    auto passwords = Passwords::parse(fmt::format("u:{}", bcrypt), "file");
    REQUIRE(passwords);
    PasswordGate gate(*passwords, [&] { ready = ready + 1; });
    const std::string right = "Basic dTpzZWNyZXQ=", wrong = "Basic dTp4";
    int asked = 0;
    const auto check = [&](const std::string& password, uint8_t address, Seconds now) {
        const Verdict verdict = gate.ask(password, {4, address}, 1, now);
        if (verdict != Verdict::later) return verdict;
        ++asked;
        while (ready < asked) std::this_thread::yield();
        return gate.take_results(now).at(0).second ? Verdict::passes : Verdict::refused;
    };
    // An attacker who asks each 0.1 s for ten minutes.
    int guesses = 0;
    for (int tenth = 0; tenth < 6000; ++tenth)
        guesses += check(wrong, 1, tenth / 10.0) != Verdict::too_many;
    CHECK(guesses >= 10);
    CHECK(guesses <= 5 + 3 + 10);  // a second apart, then 4, 16 and 60
    CHECK(check(right, 2, 600) == Verdict::passes);
    // Who gets it right begins anew.
    for (int now = 0; now < 5; ++now) CHECK(check(wrong, 3, now) == Verdict::refused);
    CHECK(check(right, 3, 6) == Verdict::passes);
    // It is forgotten a minute after the pause.
    for (int now = 2000; now < 2005; ++now) CHECK(check(wrong, 4, now) == Verdict::refused);
    CHECK(check(wrong, 4, 2100) == Verdict::refused);
    CHECK(check(wrong, 4, 2101.5) == Verdict::refused);
}

TEST_CASE("what passed is remembered within a limit") {
    using Verdict = PasswordGate::Verdict;
    std::atomic<size_t> ready = 0;
    auto passwords = Passwords::parse(fmt::format("u:{}", bcrypt), "file");
    REQUIRE(passwords);
    PasswordGate gate(*passwords, [&] {
        ++ready;
        ready.notify_all();
    });
    const ClientAddress one{4, 1};
    // The same password in other words.
    const auto right = [](size_t number) {
        return fmt::format("Basic{}dTpzZWNyZXQ=", std::string(number, ' '));
    };
    constexpr size_t many = PasswordGate::most_passed + 1;
    for (size_t number = 1; number <= many; ++number) {
        REQUIRE(gate.ask(right(number), one, number, 0) == Verdict::later);
        ready.wait(number - 1);
        REQUIRE(gate.take_results(0).size() == 1);
    }
    CHECK(gate.ask(right(2), one, 100, 0) == Verdict::passes);
    CHECK(gate.ask(right(many), one, 101, 0) == Verdict::passes);
    CHECK(gate.ask(right(1), one, 102, 0) == Verdict::later);
}
