#include "agent/config/surroundings.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "agent/config_file.hpp"
#include "core/text.hpp"
#include "tests/recorded_host.hpp"

using namespace lastgood;

namespace {

ConfigReading around(const std::string& text, const Host& host) {
    ConfigReading reading = read_config_text(text, "x");
    look_around(host, reading);
    return reading;
}

std::string all_of(const std::vector<ConfigRemark>& remarks) {
    std::string text;
    for (const ConfigRemark& remark : remarks) text += to_string(remark) + "\n";
    return text;
}

constexpr const char* everything = R"([textfile]
path = "/metrics/x.prom"
[journal]
directory = "/journal"
[[backup]]
name = "a"
files = "/dumps/db/*.sql"
covers = ["/data", "/more"]
[[backup]]
name = "b"
restic = "/repository"
[[backup]]
name = "c"
stamp = "/stamps/ok"
[[collector]]
name = "d"
command = ["/usr/bin/tape-age"]
)";

}  // namespace

TEST_CASE("what a configuration relies on and is not there is a warning") {
    test::RecordedHost host;
    const auto reading = around(everything, host.host());
    CHECK(reading.mistakes.empty());
    CHECK(all_of(reading.warnings) ==
          "x:2:8: there is no /metrics\n"
          "x:4:13: there is no /journal\n"
          "x:7:9: there is no /dumps/db\n"
          "x:8:11: there is no /data\n"
          "x:8:20: there is no /more\n"
          "x:11:10: there is no /repository\n"
          "x:14:9: there is no /stamps\n"
          "x:17:11: there is no /usr/bin/tape-age\n");
}

TEST_CASE("what is there is fine") {
    test::RecordedHost host;
    for (const char* directory :
         {"/metrics", "/journal", "/dumps/db", "/data", "/more", "/repository", "/stamps"})
        host.directory(directory);
    host.file("/usr/bin/tape-age", "#!/bin/sh\n");
    const std::string program = host.root() + "/usr/bin/tape-age";
    using std::filesystem::perms;
    std::filesystem::permissions(program, perms(0755));
    CHECK(all_of(around(everything, host.host()).warnings) == "");
    std::filesystem::permissions(program, perms(0644));
    CHECK(contains(
        all_of(around(everything, host.host()).warnings),
        "x:17:11: /usr/bin/tape-age cannot be executed; mend it: chmod +x /usr/bin/tape-age"));
    for (const int mode : {0757, 0775}) {
        std::filesystem::permissions(program, perms(mode));
        CHECK(contains(all_of(around(everything, host.host()).warnings),
                       "x:17:11: others may change /usr/bin/tape-age"));
    }
    std::filesystem::remove(program);
    host.directory("/usr/bin/tape-age");
    CHECK(contains(all_of(around(everything, host.host()).warnings),
                   "/usr/bin/tape-age is not a program"));
    host.file("/stamps2", "");
    CHECK(contains(
        all_of(around("[[backup]]\nname = \"c\"\nstamp = \"/stamps2/ok\"\n", host.host()).warnings),
        "/stamps2 is not a directory"));
}

TEST_CASE("an unknown user is a mistake") {
    const test::RecordedHost host;
    const auto reading = around("[serve]\nuser = \"no-such-user-anywhere\"\n", host.host());
    CHECK(all_of(reading.mistakes) ==
          "x:2:8: there is no user \"no-such-user-anywhere\"; create it or name another one\n");
    CHECK(around("[serve]\nuser = \"root\"\n", host.host()).mistakes.empty());
}

TEST_CASE("a path that a later file replaces is not looked at") {
    test::RecordedHost place;
    place.file("/lastgood.toml", "[textfile]\npath = \"/no/such/x.prom\"\n");
    place.file("/conf.d/10.toml", "[textfile]\npath = \"\"\n");
    ConfigReading reading = read_whole_config(place.root() + "/lastgood.toml");
    look_around(Host(), reading);
    CHECK(all_of(reading.mistakes) == "");
    CHECK(all_of(reading.warnings) == "");
}

namespace {

// They look like what they should be; TLS knows better.
constexpr const char* certificate =
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
constexpr const char* key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";

constexpr const char* protected_listener = R"([serve]
tls_certificate = "/cert.pem"
tls_key = "/key.pem"
password_file = "/passwords"
)";
constexpr const char* hash =
    "prometheus:$5$0123456789abcdef$r6nzC5LUC0uVXFw52gWstJ181ms.XFW71j20yui2zG7\n";

void protect(test::RecordedHost& host, const std::string& path, const std::string& text,
             unsigned mode) {
    host.file(path, text);
    std::filesystem::permissions(host.root() + path, std::filesystem::perms(mode));
}

}  // namespace

TEST_CASE("files that the listener cannot start without are looked into, each of them") {
    test::RecordedHost host;
    const auto mistakes = [&] { return all_of(around(protected_listener, host.host()).mistakes); };
    CHECK(mistakes() ==
          "x:2:19: tls_certificate: there is no /cert.pem: the listener does not start without it\n"
          "x:3:11: tls_key: there is no /key.pem: the listener does not start without it\n"
          "x:4:17: password_file: there is no /passwords: the listener does not start without "
          "it\n");
    protect(host, "/cert.pem", "nonsense", 0644);
    protect(host, "/key.pem", certificate, 0600);
    protect(host, "/passwords", "# mine\nadmin:secret\n", 0600);
    CHECK(contains(mistakes(),
                   "x:2:19: tls_certificate: /cert.pem: this is no PEM file with a "
                   "CERTIFICATE\n"));
    CHECK(
        contains(mistakes(), "x:3:11: tls_key: /key.pem: this is no PEM file with a PRIVATE KEY"));
    CHECK(contains(mistakes(), "x:4:17: password_file: /passwords:2: this is no hash of bcrypt"));
    protect(host, "/cert.pem", certificate, 0644);
    protect(host, "/key.pem", key, 0600);
    protect(host, "/passwords", hash, 0600);
    CHECK(mistakes() ==
          "x:3:11: TLS refuses [serve] tls_certificate and tls_key: one of them is damaged, or "
          "they do not belong together\n");
}

TEST_CASE("who may read the files of the listener") {
    test::RecordedHost host;
    protect(host, "/cert.pem", certificate, 0644);
    protect(host, "/key.pem", key, 0644);
    protect(host, "/passwords", hash, 0600);
    const auto warnings = [&] { return all_of(around(protected_listener, host.host()).warnings); };
    CHECK(warnings() == "x:3:11: everybody may read /key.pem; mend it: chmod o-r /key.pem\n");
    protect(host, "/key.pem", key, 0600);
    CHECK(warnings() == "");
    host.file("/usr/lib/systemd/system/lastgood-exporter.service", "");
    CHECK(contains(warnings(),
                   "x:3:11: lastgood-exporter.service runs as a user that may not read "
                   "/key.pem; hand it over by LoadCredential="));
    CHECK(contains(warnings(), "x:4:17: lastgood-exporter.service runs as a user that may not"));
    const auto by_systemd = around(
        "[serve]\ntls_certificate = \"/run/credentials/lastgood-exporter.service/certificate\"\n"
        "tls_key = \"/run/credentials/lastgood-exporter.service/key\"\n",
        host.host());
    CHECK_MESSAGE(all_of(by_systemd.mistakes) + all_of(by_systemd.warnings) == "",
                  "systemd puts these there when the listener starts");
}

TEST_CASE("a backup without a place, a directory without a pattern and a mistyped zone are told") {
    test::RecordedHost host;
    host.file("/usr/share/zoneinfo/Europe/Berlin", "TZif");
    host.file("/srv/pg/a.sql", "x");
    const auto warnings = [&](const std::string& text) {
        return all_of(around("[[backup]]\nname = \"home\"\n" + text, host.host()).warnings);
    };
    CHECK(contains(warnings(""), "x:2:8: home has no place: set files, restic, borg"));
    CHECK(contains(warnings("files = \"/srv/pg\"\n"), "such as \"/srv/pg/*\""));
    CHECK(contains(warnings("files = \"/srv/pg/*\"\nschedule = \"02:00\"\ntime_zone = "
                            "\"Europe/Berln\"\n"),
                   "there is no time zone Europe/Berln; did you mean Europe/Berlin?"));
    CHECK(warnings("files = \"/srv/pg/*.sql\"\n").empty());
    host.file("/var/lib/lastgood/inbox/tape.txt", "");
    CHECK(warnings("").empty());
}
