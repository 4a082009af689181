#include "agent/config_file.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <cstring>
#include <filesystem>

#include "core/clock.hpp"
#include "core/text.hpp"
#include "tests/processor_time.hpp"
#include "tests/recorded_host.hpp"

using namespace lastgood;

namespace {
std::string error_of(const std::string& text) {
    const auto config = parse_config(text, "x.toml");
    return config ? "" : config.error().message;
}
}  // namespace

TEST_CASE("an empty configuration is valid") {
    const auto config = parse_config("", "x.toml");
    REQUIRE(config.has_value());
    CHECK(config->listen.value == "127.0.0.1:9847");
    CHECK(config->backups.empty());
}

TEST_CASE("a full configuration survives writing and parsing") {
    const char* text = R"(
state_directory = "/tmp/state"
[serve]
listen = "[::]:9847"
[drives]
loop_devices = true
growth_window = "2d"
[kernel_log]
window = "20s"
[[backup]]
name = "db8"
restic = "/srv/restic/db8"
covers = ["/var/lib/mysql"]
max_age = "30h"
min_size = "1GiB"
[[backup]]
name = "dumps"
files = "/backup/\"odd\\*.sql.zst"
time_pattern = "%Y-%m-%d"
settle_time = "5min"
[[backup]]
name = "elsewhere"
[[collector]]
name = "mine"
command = ["/usr/bin/mine", "--all"]
interval = "10s"
)";
    const auto config = parse_config(text, "x.toml");
    REQUIRE(config.has_value());
    CHECK(config->loop_devices);
    CHECK(config->growth_window == 2 * 86400);
    REQUIRE(config->backups.size() == 3);
    CHECK(config->backups[0].kind == BackupKind::restic);
    CHECK(config->backups[0].max_age == 30 * 3600);
    CHECK(config->backups[0].min_size == 1073741824.0);
    CHECK(config->backups[1].location == "/backup/\"odd\\*.sql.zst");
    CHECK(config->backups[1].settle_time == 300);
    CHECK(config->backups[2].kind == BackupKind::observed);
    CHECK(config->external_collectors[0].command ==
          std::vector<std::string>{"/usr/bin/mine", "--all"});
    const std::string printed = to_toml(*config);
    const auto again = parse_config(printed, "printed");
    REQUIRE_MESSAGE(again.has_value(), again.error().message << "\n" << printed);
    CHECK(to_toml(*again) == printed);
    CHECK(again->backups[1].location == config->backups[1].location);
}

TEST_CASE("the time for many backups is proportional to their number") {
    const auto time_of = [](int backups) {
        std::string text;
        for (int i = 0; i < backups; ++i)
            text += "[[backup]]\nname = \"b" + std::to_string(i) + "\"\nfiles = \"/b" +
                    std::to_string(i) + "/*\"\n";
        return test::processor_time([&] { REQUIRE(parse_config(text, "many.toml")); });
    };
    CHECK(time_of(32'000) < 80 * time_of(1'000));  // 32 times as many
}

TEST_CASE("a key with too many parts is refused before the parser overflows its stack") {
    std::string parts = "a";
    for (int i = 0; i < 100'000; ++i) parts += ".a";
    for (const std::string& text : {"[" + parts + "]\n", "[[" + parts + "]]\n", parts + " = 1\n",
                                    "x = {" + parts + " = 1}\n"}) {
        const std::string before = "# it's \"here\nlisten = 'a\\'\nx = \"\"\"\n'\\\"\n\"\"\"\n";
        CHECK(error_of(before + text) == "x.toml:6: this key has too many parts");
    }
    // A literal string that does not end, and dots in strings and comments.
    CHECK(contains(error_of("x = 'a\n"), "x.toml:1:"));
    CHECK(!contains(error_of("inbox_directory = \"/" + parts + "\" # " + parts + "\n"), "parts"));
    CHECK(!contains(error_of("inbox_directory = '/" + parts + "'\n"), "parts"));
}

TEST_CASE("a setting that is a path is absolute") {
    for (const char* key : {"state_directory", "runtime_directory", "inbox_directory"}) {
        const std::string relative = fmt::format("\n{} = \"run\"\n", key);
        CHECK(contains(error_of(relative), fmt::format("x.toml:2:{}: {} must be an absolute path",
                                                       std::strlen(key) + 4, key)));
    }
    CHECK(contains(error_of("runtime_directory = \"\"\n"), "must be an absolute path"));
    CHECK(contains(error_of("state_directory = \"\"\n"), "must be an absolute path"));
    CHECK(contains(error_of("[kernel_log]\nsource = \"kmsg\"\n"), "must be an absolute path"));
    CHECK(contains(error_of("[textfile]\npath = \"x.prom\"\n"), "must be an absolute path"));
    CHECK(error_of("inbox_directory = \"\"\n[textfile]\npath = \"\"\n").empty());  // off
}

TEST_CASE("a string with a NUL character is refused") {
    CHECK(error_of("inbox_directory = \"/a\\u0000b\"\n") ==
          "x.toml:1:19: inbox_directory must not contain \\u0000");
    CHECK(contains(error_of("[[collector]]\nname = \"x\"\ncommand = [\"/x\", \"-a\\u0000b\"]\n"),
                   "x.toml:3:18: command must not contain \\u0000"));
}

TEST_CASE("errors name file, line, column and what to do") {
    CHECK(contains(error_of("\nlisten = 3\n"), "x.toml:2:1"));
    CHECK(contains(error_of("[serve]\nport = 3\n"),
                   "x.toml:2:1: unknown key \"port\" in [serve]; the known keys are listen, user"));
    CHECK(contains(error_of("[serve\n"), "x.toml:1:"));
    CHECK(contains(error_of("[[backup]]\nrestic = \"/x\"\n"), "needs a name"));
    CHECK(contains(error_of("[[backup]]\nname = \"a\"\nrestic = \"/x\"\nborg = \"/y\"\n"),
                   "one place"));
    CHECK(contains(error_of("[[backup]]\nname = \"a\"\nrestic = \"relative\"\n"), "absolute"));
    CHECK(contains(error_of("[[backup]]\nname = \"a\"\nmax_age = \"26\"\n"), "unit"));
    CHECK(contains(error_of("[[backup]]\nname = \"a\"\nmax_age = 26\n"), "x.toml:3"));
    CHECK(
        contains(error_of("[[backup]]\nname = \"a\"\n[[backup]]\nname = \"a\"\n"), "two backups"));
    CHECK(contains(error_of("[[backup]]\nname = \"a\nb\"\n"), "x.toml:2"));
    CHECK(contains(error_of("[[backup]]\nname = \"a/b\"\n"), "letters"));
    CHECK(contains(error_of("[backup]\nname = \"a\"\n"), "[[backup]]"));
    CHECK(contains(error_of("[[backup]]\nname = \"a\"\nfancy = 1\n"), "unknown key \"fancy\""));
    CHECK(contains(error_of("[[collector]]\nname = \"a\"\n"), "command"));
    CHECK(contains(error_of("[collectors.nothing]\ninterval = \"3s\"\n"),
                   "no built-in collector \"nothing\""));
    CHECK(contains(error_of("[textfile]\npath = \"/x\"\n"), ".prom"));
    CHECK(contains(error_of("[drives]\ngrowth_window = \"0s\"\n"), "greater than zero"));
}

TEST_CASE("conf.d files are read after the main file, in order") {
    test::RecordedHost place;
    place.file("/lastgood.toml", "[serve]\nlisten = \":1\"\n[[backup]]\nname = \"one\"\n");
    place.file("/conf.d/20.toml", "[serve]\nlisten = \":3\"\n");
    place.file("/conf.d/10.toml", "[serve]\nlisten = \":2\"\n[[backup]]\nname = \"two\"\n");
    place.file("/conf.d/.hidden.toml", "nonsense");
    place.file("/conf.d/note.txt", "nonsense");
    auto config = read_config(place.root() + "/lastgood.toml");
    REQUIRE(config.has_value());
    CHECK(config->listen.value == ":3");
    CHECK(config->backups.size() == 2);
    place.file("/conf.d/30.toml", "[[backup]]\nname = \"two\"\n");
    CHECK(contains(read_config(place.root() + "/lastgood.toml").error().message, "two backups"));
    place.file("/conf.d/30.toml", "[serve]\nlisten = 7\n");
    config = read_config(place.root() + "/lastgood.toml");
    REQUIRE_FALSE(config.has_value());
    CHECK(contains(config.error().message, "conf.d/30.toml:2:1"));
    CHECK_FALSE(read_config(place.root() + "/missing.toml").has_value());

    // Not as if there were none: the file or link may lead to a disk that is not mounted yet.
    const std::string more = place.root() + "/conf.d";
    std::filesystem::remove_all(more);
    CHECK(read_config(place.root() + "/lastgood.toml").has_value());
    std::filesystem::create_symlink("/no/such/directory", more);
    CHECK_FALSE(read_config(place.root() + "/lastgood.toml").has_value());
    std::filesystem::remove(more);
    place.file("/conf.d", "");
    CHECK_FALSE(read_config(place.root() + "/lastgood.toml").has_value());
}

TEST_CASE("acceptances in the configuration") {
    const std::string soon = format_time(wall_clock() + 30 * 86400.0).substr(0, 10);
    const auto config = parse_config("[[accept]]\nuntil = " + soon + R"(
rule = "drive_suspect_many_reallocated"
subject = "EX0000A1"
up_to = 16
reason = "a spare is ordered"
[[accept]]
rule = "array_gone"
subject = "md-name-host:1"
until = "2001-01-01"
reason = "ended, which is no mistake"
)",
                                     "x.toml");
    REQUIRE(config.has_value());
    REQUIRE(config->accepted.size() == 2);
    CHECK(config->accepted[0].up_to == 16.0);
    const auto again = parse_config(to_toml(*config), "y.toml");
    REQUIRE(again.has_value());
    CHECK(to_toml(*again) == to_toml(*config));
    CHECK(again->accepted[0].until == config->accepted[0].until);

    const auto error = [](const std::string& keys) {
        return error_of("[[accept]]\nreason = \"x\"\n" + keys);
    };
    CHECK(contains(error("rule = \"array_gone\"\n"), "needs until"));
    CHECK(contains(error("rule = \"array_gone\"\nuntil = \"90d\"\n"), "must be a date"));
    CHECK(contains(error("rule = \"nonsense\"\nuntil = 2001-01-01\n"), "there is no rule"));
    CHECK(contains(error("rule = \"array_unchecked\"\nuntil = 2099-01-01\n"), "365 days at most"));
    CHECK(contains(error("rule = \"drive_suspect_many_reallocated\"\nuntil = " + soon + "\n"),
                   "needs up_to, the value that you accept"));
    CHECK(contains(error("rule = \"array_gone\"\nuntil = " + soon + "\n"), "7 days at most"));
    CHECK(contains(error("rule = \"array_unchecked\"\nsubject = \"/dev/md0\"\nuntil = " + soon),
                   "after the next boot /dev/md0 may be another one"));
    CHECK(contains(error("rule = \"array_gone\"\nuntil = 2001-01-01\nwhy = 1\n"), "unknown key"));
}
