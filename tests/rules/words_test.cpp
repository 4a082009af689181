// The words of all rules, with real names in them: short, and with commands that can be copied.
#include <doctest/doctest.h>

#include <map>
#include <set>
#include <sstream>

#include "rules/rule.hpp"
#include "rules/text.hpp"

using namespace lastgood;

namespace {

// Typical subjects of a kind, one for each command that advice may have.
std::vector<TextValues> typical_values(SubjectKind kind) {
    std::vector<TextValues> all;
    const auto add = [&](std::string_view id,
                         const std::map<std::string, std::string, std::less<>>& info) {
        for (const double value : {1.0, 2.0, 0.93, 93784.0}) all.push_back({kind, id, info, value});
    };
    switch (kind) {
        case SubjectKind::host:
            add("", {});
            break;
        case SubjectKind::drive:
            add("wwn-0x5000c500a1b2c3d4",
                {{"device", "sdb"}, {"model", "ST4000DM000-1F2168"}, {"serial", "Z301ABCD"}});
            break;
        case SubjectKind::array:
            for (const auto& [metadata, id] :
                 {std::pair("1.2", "md-uuid-11111111:22223333:44445555:55555555"),
                  {"dm-raid", "dm-uuid-LVM-abc"},
                  {"btrfs", "btrfs-deadbeef-0000-4000-8000-00000000cafe"},
                  {"zfs", "tank"},
                  {"unraid", "unraid"}})
                add(id, {{"device", "md0"},
                         {"level", "raid5"},
                         {"metadata", metadata},
                         {"name", "vg0/data"}});
            break;
        case SubjectKind::filesystem:
            for (const char* type : {"ext4", "xfs", "btrfs", "vfat"})
                add("/srv", {{"device", "sda1"}, {"fstype", type}});
            break;
        case SubjectKind::data:
            add("postgresql /var/lib/postgresql/15/main",
                {{"title", "PostgreSQL data"}, {"path", "/var/lib/postgresql/15/main"}});
            break;
        case SubjectKind::backup:
            for (const char* tool : {"restic", "borg", "files"})
                add("db8", {{"kind", tool}, {"location", "/srv/restic/db8"}});
            break;
        case SubjectKind::spool:
            add("outbox", {{"path", "/var/spool/outbox"}});
            break;
        case SubjectKind::probe:
            add("srv-writes",
                {{"service", "lastgood-probe.service"}, {"title", "a write on /srv"}});
            break;
        case SubjectKind::collector:
            add("smart", {});
            break;
    }
    // Saved outputs do not say everything: only the id is known.
    all.push_back({kind, all.front().id, {}, 1});
    return all;
}

// A rule's advice, and what replaces it.
std::vector<std::string_view> advices_of(const Rule& rule) {
    std::vector<std::string_view> all{rule.advice};
    for (const Instead& instead : rule.instead) all.push_back(instead.advice);
    return all;
}

size_t words_in(const std::string& text) {
    std::istringstream stream(text);
    size_t count = 0;
    for (std::string word; stream >> word;) ++count;
    return count;
}

// What is wrong with a text for readers; empty: nothing.
std::string complaint_about(std::string_view text) {
    if (text.find("(s)") != text.npos) return "\"(s)\": write {value:sector|sectors}";
    // Times that are settings must not be stated: the user may have changed them.
    for (const std::string_view time : {"7 days", "last 24 hours"})
        if (text.find(time) != text.npos) return std::string(time) + " is a setting";
    return {};
}

// What is wrong with a command: it must start with a program that Debian has, use real names, and
// end without punctuation. Empty: nothing.
std::string complaint_about_command(const std::string& command) {
    static const std::set<std::string_view> programs = {
        "borg",    "btrfs",       "cat",      "date",       "df",        "du",          "echo",
        "findmnt", "touch",       "grep",     "journalctl", "lastgood",  "ls",          "fsck",
        "fstrim",  "lsof",        "lvchange", "lvconvert",  "lvs",       "mdadm",       "pgrep",
        "ps",      "restic",      "smartctl", "ss",         "systemctl", "timedatectl", "timeout",
        "umount",  "vgcfgbackup", "vgchange", "vgextend",   "zpool"};
    if (!programs.contains(command.substr(0, command.find(' ')))) return "no program: " + command;
    if (command.ends_with('.')) return "a full stop behind the command";
    // Allowed words in capitals: the new drive, what only btrfs shows, columns and tags of tools,
    // and a part of an id.
    static const std::set<std::string> unknowable = {"NEW",    "OLD",  "DEVID", "NAME",
                                                     "TARGET", "UUID", "LVM"};
    std::string capitals;
    for (const char c : command + " ") {
        if (c >= 'A' && c <= 'Z') {
            capitals += c;
            continue;
        }
        if (capitals.size() > 1 && !unknowable.contains(capitals) && c != '0')
            return "no real name: " + capitals;
        capitals.clear();
    }
    return {};
}

// What is wrong with a step: a sentence, or words and a command. Empty: nothing.
std::string complaint_about_step(const std::string& step) {
    const Step parts = split_step(step);
    if (parts.text.empty() || parts.text[0] < 'A' || parts.text[0] > 'Z') return "no capital";
    for (const std::string_view word : {"DEVICE", "SERIAL", "PLACE", "LOCATION", "mdN", "{", "}"})
        if (step.find(word) != step.npos) return "a word for a name: " + std::string(word);
    if (parts.command.empty()) return step.ends_with('.') ? "" : "no full stop";
    return complaint_about_command(std::string(parts.command));
}

}  // namespace

TEST_CASE("a summary is one short sentence; advice is a few short steps with commands to copy") {
    for (const Rule& rule : all_rules()) {
        CAPTURE(rule.name);
        for (TextValues& values : typical_values(rule.subject)) {
            for (const std::string_view also : rule.also)
                values.info[std::string(also)] = "184 End-to-End_Error";
            const std::string summary = render_for_host(rule.summary, values);
            CAPTURE(summary);
            CHECK(words_in(summary) <= (values.info.empty() ? 17 : 15));  // "serial unknown"
            CHECK(complaint_about(summary) == "");
            for (const std::string_view advice : advices_of(rule)) {
                std::vector<std::string> steps;
                for (const std::string& step : steps_of(advice))
                    steps.push_back(render_step_for_host(step, values));
                const std::string text = numbered(steps);
                CAPTURE(text);
                CHECK(words_in(text) <= 60);
                CHECK(steps.size() >= 2);
                CHECK(steps.size() <= 4);
                CHECK(complaint_about(text) == "");
                for (const std::string& step : steps) CHECK(complaint_about_step(step) == "");
            }
        }
        CHECK(complaint_about(rule.why) == "");
    }
}

TEST_CASE("a step without a name that is unknown is told without its command") {
    const TextValues nameless{SubjectKind::drive, "wwn-1", {}, 1};
    const TextValues sdb{SubjectKind::drive, "wwn-1", {{"device", "sdb"}}, 1};
    const std::string_view step = "See why: smartctl -x /dev/{device}";
    CHECK(render_step_for_host(step, nameless) == "See why.");
    CHECK(render_step_for_host(step, sdb) == "See why: smartctl -x /dev/sdb");
    CHECK(render_step_for_host("Ask: lastgood preflight {name}", nameless) ==
          "Ask: lastgood preflight wwn-1");
    CHECK(render_step_for_prometheus(step, SubjectKind::drive) ==
          "See why{{ if $labels.device }}: smartctl -x /dev/{{ $labels.device }}{{ else }}.{{ end "
          "}}");
    CHECK(render_step_for_host("Ask: lastgood status {name}", {SubjectKind::array, "a", {}, 1}) ==
          "Ask: lastgood status a");
    const auto repair = [](const char* type) {
        return render_step_for_host(
            "Repair it: {command:repair}",
            {SubjectKind::filesystem, "/srv", {{"fstype", type}, {"device", "sda1"}}, 1});
    };
    CHECK(repair("ext4") == "Repair it: umount /srv && fsck -f /dev/sda1");
    CHECK(repair("zfs") == "Repair it.");
}
