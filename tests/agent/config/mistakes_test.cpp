// What is wrong with a configuration: all of it, each with its place and what to write.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <chrono>
#include <filesystem>

#include "agent/config_file.hpp"
#include "core/bytes.hpp"
#include "core/clock.hpp"
#include "core/text.hpp"
#include "tests/recorded_host.hpp"

using namespace lastgood;

namespace {

std::string all_of(const std::vector<ConfigRemark>& remarks) {
    std::string text;
    for (const ConfigRemark& remark : remarks) text += to_string(remark) + "\n";
    return text;
}

std::string mistakes_in(const std::string& text) {
    return all_of(read_config_text(text, "x").mistakes);
}

std::string warnings_in(const std::string& text) {
    return all_of(read_config_text(text, "x").warnings);
}

// Of a [[backup]] with a name.
std::string backup(const std::string& keys) {
    return mistakes_in("[[backup]]\nname = \"b\"\n" + keys + "\n");
}

std::string command(const std::string& value) {
    return mistakes_in("[[collector]]\nname = \"c\"\ncommand = " + value + "\n");
}

}  // namespace

TEST_CASE("all mistakes are told, in the order of their places") {
    CHECK(mistakes_in(R"([[backup]]
name = "b"
max_age = "26"
files = "dumps/*"
[serve]
user = 7
listen = "127.0.0.1"
[[collector]]
command = "tape-age"
[drives]
colour = true
)") == "x:3:11: max_age: \"26\": name a unit, one of s, min, h, d, w, month, y\n"
       "x:4:9: files must be an absolute path: \"dumps/*\" does not begin with /\n"
       "x:6:8: user must be a string\n"
       "x:7:10: listen = \"127.0.0.1\": the port is missing; write for instance "
       "\"127.0.0.1:9847\", or \"[::]:9847\" for every address\n"
       "x:8:1: [[collector]] needs a name\n"
       "x:9:11: write the program with its whole path, like \"/usr/local/bin/tape-age\": PATH may "
       "differ\n"
       "x:11:1: unknown key \"colour\" in [drives]; the known keys are loop_devices, "
       "growth_window\n");
}

TEST_CASE("the first mistake comes with the number of the others") {
    const auto one = parse_config("a = 1\n", "x");
    REQUIRE_FALSE(one.has_value());
    CHECK_FALSE(contains(one.error().message, "more"));
    const auto two = parse_config("listem = 1\nb = 2\n", default_config_path);
    REQUIRE_FALSE(two.has_value());
    CHECK(contains(two.error().message, "lastgood.toml:1:1: "));
    CHECK(contains(two.error().message, "; 1 more mistake: lastgood config check"));
    CHECK(contains(parse_config("a = 1\nb = 2\nc = 3\n", "/x").error().message,
                   "; 2 more mistakes: lastgood config check --config /x"));
}

TEST_CASE("mistakes of all files are told, also beside one that cannot be parsed") {
    test::RecordedHost place;
    place.file("/lastgood.toml", "[serve\n");
    place.file("/conf.d/10.toml", "colour = 1\n[[backup]]\nname = \"b\"\n");
    place.file("/conf.d/20.toml", "\n[[backup]]\nname = \"b\"\n");
    const auto reading = read_whole_config(place.root() + "/lastgood.toml");
    REQUIRE(reading.files.size() == 3);
    REQUIRE(reading.mistakes.size() == 3);
    CHECK(contains(reading.mistakes[0].text,
                   "lastgood read nothing of this file: correct this, then check again"));
    CHECK(contains(to_string(reading.mistakes[1]), "conf.d/10.toml:1:1: unknown key"));
    CHECK(contains(to_string(reading.mistakes[2]),
                   "conf.d/20.toml:2:1: two backups are named "
                   "\"b\", the other in "));
    CHECK(contains(reading.mistakes[2].text, "conf.d/10.toml:2; rename one of them"));
}

TEST_CASE("where a file is no TOML, plain words say what to write") {
    const auto says = [](const std::string& text, const char* words) {
        const std::string told = mistakes_in(text);
        CHECK_MESSAGE(contains(told, fmt::format(": {}; lastgood read nothing", words)), told);
    };
    says("[serve]\nlisten = \"127.0.0.1:9847\nuser = \"nobody\"\n",
         "this text does not end: write \" behind it");
    says("[serve]\nlisten = \"127.0.0.1:9847", "this text does not end: write \" behind it");
    says("[serve]\nlisten = 127.0.0.1:9847 # here\n",
         "write the value in quotation marks: listen = \"127.0.0.1:9847\"");
    says("[serve]\nuser = nobody\r\n", "write the value in quotation marks: user = \"nobody\"");
    says("[serve]\nlisten = \n", "the value is missing: write listen = \"…\"");
    says("[serve]\nuser = \u201cnobody\u201d\n",
         "these quotation marks are not those of TOML: write \" before and behind the text");
    says("serve:\n  listen: x\n", "write KEY = VALUE, with = and not :");
    says("[serve]\nuser = \"a\"\nuser = \"b\"\n", "user is there twice: remove one of them");
    says("[serve]\nuser = \"a\"\n[drives]\n[serve]\n",
         "[serve] is there twice: write all its keys below the first [serve]");
    says("# caf\xe9\n",
         "this letter is not UTF-8: save the file as UTF-8, or write another letter");
    says("[serve\n", "write ] behind it");
    says("[[backup]]\nname = 'home\"\n",
         "this text does not end: it begins with ', so write ' behind it");
    says("[[backup]]\nname = \"a\"\n[backup]\nname = \"b\"\n",
         "write [[backup]], with two brackets");
    says("[[backup\nname = \"a\"\n", "write ]] behind it");
    says("[[backup]]\nname \"home\"\n", "write KEY = VALUE: the = is missing");
    says("[[backup]]\n// of the night\n", "a remark begins with #, not with //");
    says("[[backup]]\ncovers = [\"/a\" \"/b\"]\n", "write a , between the texts of this list");
    says("[[backup]]\ncovers = [\"/a\",\nname = \"a\"\n",
         "the list in the line before does not end: write ] there");
    says("[[backup]]\nname = \"a\",\n", "remove the , at the end");
    says("[[backup]]\nfiles = \"C:\\new\\users\"\n",
         "\\ has a meaning between \" and \": write the text between ' and '");
    says("[[backup]]\ncrosses_mounts = yes\n",
         "write crosses_mounts = true, or crosses_mounts = false");
    says("[[backup]]\npaused_until = 1.12.2026\n", "write a date, like paused_until = 2027-03-01");
    says("[[accept]]\nuntil = 2026-13-40\n", "write a date, like until = 2027-03-01");
    CHECK_MESSAGE(contains(mistakes_in("= 1\n"), "x:1:"), "the parser's own words");
}

TEST_CASE("a word that is nearly known is recognised, and written as in the file") {
    CHECK(mistakes_in("state_dir = \"/s\"\n") ==
          "x:1:1: unknown key \"state_dir\" at the top level; did you mean state_directory?\n");
    CHECK(contains(mistakes_in("[Serve]\n"), "did you mean [serve]?"));
}

TEST_CASE("TLS needs a certificate and a key; the place of the one that is set is told") {
    test::RecordedHost place;
    const std::string file = place.root() + "/lastgood.toml";
    place.file("/lastgood.toml", "[serve]\ntls_key = \"/k\"\n");
    CHECK(all_of(read_whole_config(file).mistakes) ==
          file +
              ":2:11: TLS needs tls_certificate, too: write tls_certificate = \"/…\" in [serve]\n");
    place.file("/conf.d/10.toml", "[serve]\ntls_certificate = \"/c\"\n");
    CHECK(all_of(read_whole_config(file).mistakes) == "");
}

TEST_CASE("an address that cannot be listened on is a mistake") {
    for (const char* wrong :
         {"127.0.0.1", "", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:http", "127.0.0.1:-1",
          "db8:9847", "300.0.0.1:9847", "1.2.3:9847", "[:::1]:9847"})
        CHECK_MESSAGE(
            contains(mistakes_in(fmt::format("[serve]\nlisten = \"{}\"\n", wrong)), "x:2:10: "),
            wrong);
    for (const char* good : {"[::]:9847", ":9847", "[fe80::1%eth0]:9847", "0.0.0.0:9847"})
        CHECK_MESSAGE(mistakes_in(fmt::format("[serve]\nlisten = \"{}\"\n", good)) == "", good);
    CHECK(contains(mistakes_in("[serve]\nuser = \"\"\n"), "x:2:8: "));
}

TEST_CASE(
    "a command is a program with its whole path, and its arguments are strings of their own") {
    for (const char* wrong : {"\"/usr/bin/foo --all\"", "[\"/usr/bin/foo --all\"]",
                              "[\"/usr/bin/foo --file=/a\"]", "[\"/usr/bin/foo /dev/sda\"]"})
        CHECK_MESSAGE(contains(command(wrong), "x:3:11: the program and its arguments are strings"),
                      wrong);
    CHECK(contains(command("\"/usr/bin/foo --all\""),
                   "write command = [\"/usr/bin/foo\", \"--all\"]"));
    CHECK(contains(command("[\"tape-age\"]"), "write the program with its whole path"));
    CHECK(contains(command("[\"./tape-age\"]"), "write the program with its whole path"));
    CHECK(contains(command("[]"), "x:3:11: command is a list"));
    CHECK(contains(command("[\"\"]"), "x:3:11: command is a list"));
    CHECK(command("[\"/opt/my tools/tape-age\", \"--all\", \"\"]").empty());
}

TEST_CASE("a pattern that can match nothing is a mistake") {
    for (const char* wrong : {"/b/[a", "/b/[!", "/b/[]", "/b/[^]", "/b/[a/b]", "/b/x[[:digit:]",
                              "/b/[a\\\\]", "/b/x\\\\"})
        CHECK_MESSAGE(contains(backup(fmt::format("files = \"{}\"", wrong)), "x:3:9: files: a "),
                      wrong);
    for (const char* good : {"/b/[a]", "/b/[]a]", "/b/[!]]", "/b/[[:digit:]]x", "/b/\\\\[a",
                             "/b/a]", "/b/**/*.sql", "/b/[a\\\\]]", "/b/\\\\\\\\"})
        CHECK_MESSAGE(backup(fmt::format("files = \"{}\"", good)) == "", good);
}

TEST_CASE("a pattern of times that can match nothing is a mistake") {
    const auto pattern = [](const std::string& text) {
        return backup("files = \"/b/*\"\ntime_pattern = \"" + text + "\"");
    };
    CHECK(contains(pattern("%Y-%m-%Q"), "x:4:16: time_pattern \"%Y-%m-%Q\" knows only %Y"));
    CHECK(contains(pattern("%Y-%m"), "must contain a year, a month and a day"));
    CHECK(contains(pattern("%Y%m%d%"), "ends with a single %"));
    CHECK(contains(pattern("%Y/%m%d"), "which has no /"));
    CHECK(pattern("db-%Y%m%d-%H%M.sql").empty());
}

TEST_CASE("durations and sizes have bounds") {
    CHECK(contains(backup("max_age = \"1e308y\""), "x:3:11: max_age must be at most 100 years"));
    CHECK(contains(backup("max_age = \"101y\""), "must be at most 100 years"));
    CHECK(contains(backup("max_age = \"1us\""), "must be at least 1 ms"));
    CHECK(backup("max_age = \"100y\"").empty());
    CHECK(contains(backup("min_size = \"9000000TiB\""), "x:3:12: min_size: no copy is that large"));
    CHECK(contains(backup("min_size = 9223372036854775807"), "no copy is that large"));
    CHECK(contains(backup("min_size = -1"), "write a size like"));
    CHECK(backup("min_size = \"8000000TiB\"").empty());
    for (const char* key : {"interval", "deadline"})
        for (const char* table :
             {"[collectors.smart]\n", "[[collector]]\nname = \"c\"\ncommand = \"/c\"\n"})
            CHECK(contains(mistakes_in(fmt::format("{}{} = \"1ms\"\n", table, key)),
                           "must be at least 100 ms"));
}

TEST_CASE("schedules that make no sense are refused where they stand") {
    const auto backup = [](const std::string& line) {
        return mistakes_in("[[backup]]\nname = \"b\"\n" + line);
    };
    CHECK(backup("schedule = \"Sun 03:00 Europe/Berlin\"\ngrace = \"4h\"").empty());
    CHECK(backup("schedule = \"0 3 * * 0\"\ntime_zone = \"UTC\"").empty());
    CHECK(contains(backup("schedule = \"soon\""), "x:3:12: schedule: \"soon\" is no schedule"));
    CHECK(contains(backup("schedule = \"0 0 30 2 *\""), "never comes"));
    CHECK(contains(backup("schedule = \"2020-01-01 03:00\""),
                   "x:3:12: schedule: \"2020-01-01 03:00\" does not come again"));
    const auto warned = [](const std::string& grace) {
        return warnings_in(
            "[[backup]]\nname = \"b\"\nrestic = \"/r\"\nschedule = \"Mon 03:00\"\n"
            "grace = \"" +
            grace + "\"\n");
    };
    CHECK(warned("9d") ==
          "x:5:9: grace is longer than the 7 days between two copies: one that is missing is told "
          "only when the next is due, too\n");
    CHECK(warned("6d").empty());
    CHECK(contains(backup("time_zone = \"../../etc\""), "time_zone is a name like"));
    CHECK(backup("shrink = false\nmin_count = 7\nkeep_span = \"7d\"").empty());
    CHECK(contains(backup("shrink = true"), "shrink must be a share of the usual size"));
    CHECK(contains(backup("shrink = 1.5"), "shrink must be a share of the usual size"));
    CHECK(contains(backup("min_count = 0"), "min_count must be a number of copies"));
    CHECK(backup("paused_until = 2026-03-01\npaused_by = \"a\"\npaused_reason = \"b\"").empty());
    CHECK(contains(backup("paused_until = 2026-03-01\npaused_by = \"a\""),
                   "x:3:16: paused_until needs paused_by and paused_reason"));
    CHECK(contains(backup("paused_until = 2100-03-01\npaused_by = \"a\"\npaused_reason = \"b\""),
                   "x:3:16: a backup can be paused for 90 days at most"));
    CHECK(contains(backup("keep_span = \"8d\"\ndelete_after = \"7d\""),
                   "x:4:16: delete_after is shorter than keep_span"));
}

TEST_CASE("a key that another kind of backup uses, and a size that nobody can read, are warnings") {
    const auto warned = [](const std::string& keys) {
        CHECK_MESSAGE(backup(keys) == "", "0.1.0 took it, so the agent must start with it");
        return warnings_in("[[backup]]\nname = \"b\"\n" + keys + "\n");
    };
    CHECK(contains(warned("restic = \"/r\"\nstanza = \"main\""),
                   "x:4:1: stanza is only for backups with pgbackrest = \"/…\" and changes nothing "
                   "here; remove stanza"));
    CHECK(contains(warned("restic = \"/r\"\ncache_directory = \"/c\""),
                   "only for backups with borg"));
    CHECK(contains(warned("stamp = \"/s\"\ntime_pattern = \"%Y%m%d\""),
                   "only for backups with files"));
    CHECK(contains(warned("borg = \"/s\"\nsettle_time = \"1s\""), "only for backups with files"));
    CHECK(contains(backup("pgbackrest = \"/p\"\nstanza = \"a/b\""), "stanza is a name"));
    CHECK(contains(backup("borg = \"/s\"\ncache_directory = \"c\""), "must be an absolute path"));
    CHECK(backup("restic = \"/r\"\nmin_size = \"1GiB\"").empty());
    CHECK(contains(warnings_in("[[backup]]\nname = \"b\"\nrestic = \"/r\"\nmin_size = \"1GiB\"\n"),
                   "x:4:1: min_size: the size of one restic backup cannot be read"));
}

TEST_CASE("two backups with one place are a warning: each would look as fresh as the other") {
    const auto two = [](const std::string& one, const std::string& other) {
        return warnings_in("[[backup]]\nname = \"a\"\n" + one + "\n[[backup]]\nname = \"b\"\n" +
                           other + "\n");
    };
    CHECK(contains(two("restic = \"/r\"", "restic = \"//r/\""),
                   "x:6:10: x:3 has a backup with this place already"));
    CHECK(contains(two("files = \"/b/*\"", "files = \"/b/*\""), "x:6:9: "));
    CHECK(two("restic = \"/r\"", "borg = \"/r\"").empty());
    CHECK(
        two("pgbackrest = \"/p\"\nstanza = \"a\"", "pgbackrest = \"/p\"\nstanza = \"b\"").empty());
    CHECK(two("", "").empty());
}

TEST_CASE("an unknown key comes with the known one that was meant") {
    CHECK(contains(mistakes_in("[serve]\nlisen = 1\n"), "in [serve]; did you mean listen?"));
    CHECK(contains(mistakes_in("[[backup]]\nname = \"b\"\nmax_aeg = \"1d\"\n"),
                   "did you mean max_age?"));
    CHECK(contains(mistakes_in("[collectors.smrt]\n"), "did you mean smart?"));
    CHECK(contains(mistakes_in("[[backups]]\n"), "at the top level; did you mean [[backup]]?"));
    CHECK(mistakes_in("listen = \":1\"\n") == "x:1:1: listen belongs below a line [serve]\n");
    CHECK(contains(mistakes_in("serve = 1\n"), "x:1:9: write [serve], and its keys below"));
    CHECK(contains(mistakes_in("collectors = 1\n"), "write [collectors]"));
    CHECK(contains(mistakes_in("[collectors]\nsmart = 1\n"),
                   "write a table, like [collectors.smart]"));
    CHECK(
        contains(mistakes_in("[kernel_log]\nzzzzzzz = 1\n"), "the known keys are window, source"));
}

TEST_CASE("names and paths that files cannot have are a mistake") {
    CHECK(contains(mistakes_in("[[backup]]\nname = \"..\"\n"), "x:2:8: name must consist of"));
    CHECK(contains(backup("stamp = \"/" + std::string(256, 'a') + "\""),
                   "longer than a path may be"));
    CHECK(contains(backup("covers = [\"/a\", \"b\"]"), "covers must be an absolute path"));
    CHECK(contains(mistakes_in("[filesystems]\nnot_backed_up = [\"scratch: no\"]\n"),
                   "must be an absolute path"));
    CHECK(mistakes_in("[filesystems]\nnot_backed_up = [\"/scratch: made anew\"]\n").empty());
    CHECK(contains(command("[\"/x\", \"" + std::string(128 * kib, 'a') + "\"]"),
                   "longer than 128 KiB"));
}

TEST_CASE("a word that data is backed up elsewhere names paths, who says so, why, and its end") {
    const auto declared = [](const std::string& keys) {
        return mistakes_in("[[declared_elsewhere]]\n" + keys);
    };
    const std::string whole =
        "paths = [\"/\"]\nowner = \"anna\"\nreason = \"the NAS\"\nuntil = 2026-03-01\n";
    CHECK(declared(whole).empty());
    CHECK(contains(declared("owner = \"a\"\nreason = \"b\"\nuntil = 2026-03-01"), "needs paths"));
    for (const char* one : {"owner", "reason"})
        CHECK(contains(
            declared("paths = [\"/\"]\n" + std::string(one) + " = \"a\"\nuntil = 2026-03-01"),
            "needs owner and reason"));
    CHECK(contains(declared("paths = [\"/\"]\nowner = \"a\"\nreason = \"b\""), "needs until"));
    CHECK(contains(declared(whole + "by = \"anna\""), "unknown key \"by\""));
    CHECK(contains(declared("paths = [\"srv\"]"), "paths must be an absolute path"));
    CHECK(contains(declared("until = 2100-03-01"),
                   "[[declared_elsewhere]] holds for 365 days at most"));
}

TEST_CASE("what an acceptance may not hold is a mistake; a clock that was set back is none") {
    const auto accept = [](const std::string& keys) {
        return mistakes_in("[[accept]]\nreason = \"x\"\n" + keys);
    };
    for (const char* number : {"inf", "nan", "\"1\""})
        CHECK(contains(
            accept(fmt::format("rule = \"array_gone\"\nuntil = 2011-01-01\nup_to = {}\n", number)),
            "up_to must be a number"));
    // The file is newer than the clock: it was written before the clock was set back.
    test::RecordedHost place;
    const Timestamp later = wall_clock() + 3000 * 86400.0;
    place.file(
        "/x.toml",
        fmt::format(
            "[[accept]]\nreason = \"x\"\nrule = \"array_unchecked\"\nsubject = \"m\"\nuntil = {}\n",
            format_time(later + 300 * 86400.0).substr(0, 10)));
    const std::string path = place.root() + "/x.toml";
    CHECK_FALSE(read_config(path).has_value());
    std::filesystem::last_write_time(
        path, std::filesystem::file_time_type::clock::now() + std::chrono::hours(24 * 3000));
    CHECK(read_config(path).has_value());
}

TEST_CASE("a text of nothing but mistakes has an end") {
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += fmt::format("key{} = 1\n", i);
    text += "[serve]\nlisten = \"" + std::string(100'000, 'a') + "\"\n";
    const auto reading = read_config_text(text, "x");
    CHECK(reading.mistakes.size() == 1000);
    for (const ConfigRemark& one : reading.mistakes) CHECK(one.text.size() < 1000);
}

namespace {

std::string hop(const std::string& name, const std::string& original) {
    return "[[backup]]\nname = \"" + name + "\"\ncopy_of = \"" + original + "\"\n";
}

}  // namespace

TEST_CASE("copy_of names another backup, and in the end one that is made from the source") {
    const std::string source = "[[backup]]\nname = \"db\"\nstamp = \"/s\"\n";
    CHECK(mistakes_in(source + hop("nas", "db")).empty());
    CHECK(mistakes_in(hop("nas", "db") + source).empty());  // in any order
    CHECK(mistakes_in(source + hop("nas", "dbb")) ==
          "x:6:11: copy_of: there is no backup \"dbb\"; did you mean db?\n");
    CHECK(mistakes_in(hop("a", "a")) ==
          "x:3:11: copy_of names this backup itself; write the one that \"a\" is copied from\n");
    CHECK(contains(mistakes_in(hop("a", "b") + hop("b", "a")),
                   "x:3:11: copy_of goes in a circle: a, b, a; "));
    CHECK(mistakes_in(hop("c", "a") + hop("a", "b") + hop("b", "a")).find("x:3:") ==
          std::string::npos);
    CHECK(contains(warnings_in(source + "max_lag = \"1d\"\n"), "without copy_of"));
}

TEST_CASE("a hop has the limits of its original, as much later as it may be behind") {
    const auto config = parse_config(
        "[[backup]]\nname = \"db\"\nfiles = \"/b/db/*.sql\"\ncovers = [\"/\"]\nschedule = "
        "\"Mon..Fri "
        "02:00\"\n"
        "copies = [{on = \"/mnt/nas/db/\"}, {on = \"/mnt/b\", name = \"off\", max_lag = \"3h\"}]\n"
        "[[backup]]\nname = \"third\"\nstamp = \"/t\"\ncopy_of = \"off\"\nmax_age = \"9d\"\n",
        "x");
    REQUIRE(config.has_value());
    REQUIRE(config->backups.size() == 4);
    const Backup &nas = config->backups[1], &off = config->backups[2], &third = config->backups[3];
    CHECK(nas.name == "db@mnt-nas-db");
    CHECK(nas.location == "/mnt/nas/db/*.sql");
    CHECK(nas.copy_of == "db");
    CHECK(nas.covers == std::vector<std::string>{"/"});
    CHECK(nas.max_lag == 3 * 86400 + 2 * 3600);  // over the weekend
    CHECK(nas.plan.schedule == "Mon..Fri 02:00");
    CHECK(nas.plan.grace == 2 * 3600 + *nas.max_lag);
    CHECK(off.name == "off");
    CHECK(off.max_lag == 3 * 3600);
    CHECK(off.plan.grace == 5 * 3600);
    CHECK(third.max_age == 9 * 86400);
    CHECK(third.plan.schedule.empty());
}

TEST_CASE(
    "a hop takes over neither the pause nor the job of its original, but what copies must be") {
    const auto config = parse_config(
        "[[backup]]\nname = \"db\"\nfiles = \"/b/*\"\nmax_age = \"26h\"\nsystemd = \"a.service\"\n"
        "paused_until = 2026-03-01\npaused_by = \"a\"\npaused_reason = \"b\"\n"
        "verified_within = \"30d\"\nkeep_span = \"7d\"\ndelete_after = \"9d\"\n"
        "min_count = 3\nshrink = 0.3\ncopies = [{on = \"/mnt/nas\"}]\n",
        "x");
    REQUIRE(config.has_value());
    REQUIRE(config->backups.size() == 2);
    const Backup& hop = config->backups[1];
    CHECK(hop.unit.empty());
    CHECK(hop.plan.paused_until == 0);
    CHECK_FALSE(hop.plan.verified_within);
    CHECK(hop.plan.keep_span == 7 * 86400.0);
    CHECK(hop.plan.delete_after == 9 * 86400.0);
    CHECK(hop.plan.min_count == 3);
    CHECK(hop.plan.shrink == 0.3);
    CHECK(hop.max_lag == 26 * 3600.0);
    CHECK(hop.max_age == 52 * 3600.0);
}

TEST_CASE("a hop without streams does not take the slots of its original") {
    const auto config = parse_config(
        "[[backup]]\nname = \"vms\"\nvzdump = \"/v\"\nschedule = \"22:00\"\ngrace = \"8h\"\n"
        "slots = {mon = [\"vm1\"]}\ncopies = [{on = \"/mnt/nas\"}]\n"
        "[[backup]]\nname = \"off\"\nstamp = \"/t\"\ncopy_of = \"vms\"\nmax_lag = \"26h\"\n",
        "x");
    REQUIRE(config.has_value());
    REQUIRE(config->backups.size() == 3);
    const Backup &nas = config->backups[1], &off = config->backups[2];
    CHECK(nas.plan.slots == config->backups[0].plan.slots);
    CHECK(nas.plan.schedule == "22:00");
    CHECK_FALSE(off.plan.has_slots());
    CHECK(off.plan.schedule.empty());
    CHECK(off.max_age == 7 * 86400 + 8 * 3600 + 26 * 3600);
}

TEST_CASE("copies is a list of directories") {
    CHECK(contains(backup("files = \"/a/*\"\ncopies = \"/b\""), "x:4:10: copies is a list"));
    CHECK(contains(backup("files = \"/a/*\"\ncopies = [\"/b\"]"), "write copies = [{on ="));
    CHECK(contains(backup("files = \"/a/*\"\ncopies = [{at = \"/b\"}]"), "the known keys are on"));
    CHECK(contains(backup("files = \"/a/*\"\ncopies = [{name = \"b2\"}]"), "needs on = "));
    CHECK(contains(backup("files = \"/a/*\"\ncopies = [{on = \"/b\"}, {on = \"/b/\"}]"),
                   "two backups are named \"b@b\""));
    CHECK(contains(backup("stamp = \"/a\"\ncopies = [{on = \"/b\"}]"), "copies needs the place"));
}

TEST_CASE("slots name days and streams, and need the time of the night") {
    const std::string place = "vzdump = \"/v\"\nschedule = \"22:00\"\n";
    CHECK(backup(place + "slots = {mon = [\"vm1\"], tue = [\"vm2\", \"vm3\"]}").empty());
    CHECK(backup(place + "slots = {mond = [\"vm1\"]}")
              .starts_with("x:5:10: slots has no day \"mond\"; did you mean mon?\n"));
    CHECK(contains(backup(place + "slots = {monday = [\"vm1\"]}"), "x:5:10: slots has no day"));
    CHECK(contains(backup(place + "slots = [\"vm1\"]"), "x:5:9: slots says which streams"));
    CHECK(contains(backup(place + "slots = {mon = 1}"), "slots must be a list"));
    CHECK(contains(backup(place + "slots = {mon = []}"), "x:5:9: slots names no stream"));
    CHECK(contains(backup(place + "slots = {mon = [\"a\", \"a\"]}"), "\"a\" is there twice"));
    CHECK(contains(backup("vzdump = \"/v\"\nslots = {mon = [\"a\"]}"), "slots needs schedule"));
    CHECK(contains(backup("restic = \"/v\"\nschedule = \"22:00\"\nslots = {mon = [\"a\"]}"),
                   "slots: restic tells no streams apart"));
    const std::string on_weekdays = "vzdump = \"/v\"\nschedule = \"Mon..Fri 22:00\"\n";
    CHECK(backup(on_weekdays + "slots = {mon = [\"a\"], fri = [\"b\"]}").empty());
    CHECK(contains(backup(on_weekdays + "slots = {mon = [\"a\"], sat = [\"b\"]}"),
                   "x:5:9: slots: the schedule \"Mon..Fri 22:00\" never comes on sat: b would "
                   "never be due"));
    CHECK(contains(backup("files = \"/v/*\"\nschedule = \"22:00\"\nslots = {mon = [\"a\"]}"),
                   "slots needs each"));
}

TEST_CASE("what a place or covers cannot be, is said with the value") {
    CHECK(contains(backup("restic = \"sftp:nas:/restic\""), "is on another host"));
    CHECK(contains(backup("borg = \"ssh://nas/./srv\""), "watch the job instead: systemd ="));
    CHECK(contains(backup("covers = [\"/a\", \"~/x\"]"),
                   "x:3:17: covers must be an absolute path: "
                   "\"~/x\" does not begin with /"));
    CHECK(contains(backup("repository = \"/srv/x\""), "write the kind of the copies as the key"));
    CHECK(contains(backup("exclude = \"/srv/x\""), "does not see what a job leaves out"));
    CHECK(contains(mistakes_in("[filesystems]\ncovers = [\"/x\"]\n"),
                   "covers belongs below a line [[backup]]"));
    CHECK(contains(backup("quatsch = 1"), "man lastgood.toml explains the known keys"));
    CHECK(
        contains(warnings_in("[[backup]]\nname = \"b\"\nfiles = \"/d/*\"\ncovers = \"/home/*\"\n"),
                 "covers takes no patterns: write /home for all that is below it"));
}
