// Prints the settings in three forms: docs/config.md, lastgood.toml(5) and the configuration that
// the package ships.
#include <fmt/core.h>

#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/config.hpp"
#include "core/time.hpp"
#include "tools/manual.hpp"

namespace lastgood {

namespace {

// A key that a section may hold. `value` is its default; a key without a default has an example in
// `value`, and a `type`.
template <class Text>
struct Key {
    std::string_view name;
    std::string_view type;
    Text value;
    std::string_view prose;
};
using Example = Key<std::string_view>;

// The keys of tables that a configuration may have several times. agent/config/ reads them;
// a test compares the two.
constexpr Example backup_name[] = {
    {"name", "text", "\"db8\"",
     "Required. Its name in findings and metrics: letters, digits and - _ . @."},
};
constexpr Example backup_keys[] = {
    {"covers", "list of paths", "[\"/var/lib/mysql\"]",
     "Paths that the copies hold. Each counts for the filesystem that it lies on, and only for "
     "what "
     "is below it."},
    {"crosses_mounts", "`true` or `false`", "true",
     "The copies also hold what is mounted below those paths: the tool has no option like "
     "--one-file-system. A temporary disk counts only if covers names it. Default `false`."},
    {"max_age", "duration", "\"26h\"", "The newest copy may be this old. Default `\"26h\"`."},
    {"schedule", "text", "\"03:00\"",
     "Instead of max_age: when a copy is made, as in crontab(5) (`\"0 3 * * 0\"`, `\"@daily\"`) or "
     "systemd.time(7) (`\"Sun 03:00\"`, `\"*-*-01 04:00 Europe/Berlin\"`). The backup is overdue "
     "when there is no copy since the last such time whose grace is over."},
    {"grace", "duration", "\"2h\"",
     "How long after its time a copy may appear, the duration of the backup included. Default "
     "`\"2h\"`."},
    {"time_zone", "text", "\"Europe/Berlin\"",
     "Time zone of schedule. Default: that of this host, or the one at the end of schedule."},
    {"slots", "table", "{mon = [\"vm1\"], tue = [\"vm2\", \"vm3\"]}",
     "With schedule, for a backup with streams: which streams are due when the schedule comes on "
     "that day. Each has its own due time; a stream that is named and never made a copy is missed, "
     "and one that no day names is told."},
    {"min_size", "size", "\"1GiB\"",
     "The newest copy must have at least this size: `\"1GiB\"`, or a number of bytes. Copies in "
     "restic and borg repositories have no size that can be read."},
    {"shrink", "number", "0.5",
     "The newest copy has shrunk if it is smaller than this share of its usual size, the median of "
     "the 30 copies before it. `false` for never. Default `0.5`."},
    {"keep_span", "duration", "\"7d\"",
     "The oldest copy must be this old, less the time between two copies; a younger backup must "
     "reach back to its first copy."},
    {"min_count", "number", "7",
     "At least so many copies must be kept, as soon as there was time to make them."},
    {"delete_after", "duration", "\"30d\"",
     "No copy may be older than this and the time between two copies: it should have been "
     "deleted."},
    {"verified_within", "duration", "\"35d\"",
     "The copies must have been verified in this time. `lastgood record verified NAME` says so, or "
     "verified_stamp."},
    {"verified_stamp", "path", "\"/var/lib/backup/verified\"",
     "A file that is touched when the copies have been verified."},
    {"restored_within", "duration", "\"180d\"",
     "A copy must have been restored in this time. `lastgood record restored NAME` says so, or "
     "restored_stamp."},
    {"restored_stamp", "path", "\"/var/lib/backup/restored\"",
     "A file that is touched when a copy has been restored."},
    {"paused_until", "date", "2026-03-01",
     "Nobody expects new copies until this date, 90 days ahead at most. The age goes on to be "
     "shown, "
     "but is accepted; the end of the pause is a finding of its own."},
    {"paused_by", "text", "\"anna\"", "Who paused it. Required with paused_until."},
    {"paused_reason", "text", "\"the server moves\"", "Why. Required with paused_until."},
    {"copy_of", "text", "\"db8-local\"",
     "The copies are copies of those of this backup, which something else copies here: rsync, "
     "`restic copy`, a sync to another host. It may be behind the original by max_lag; if the "
     "original is too old itself, only the original is reported. covers, max_age or schedule are "
     "those of the original, max_lag later, if not set here."},
    {"max_lag", "duration", "\"26h\"",
     "With copy_of: how much older than the original's newest copy the newest one here may be, by "
     "the time of the content. Default: the longest time between two copies of the original."},
    {"copies", "list of places", "[{on = \"/mnt/nas/db8\"}]",
     "The same copies lie in these directories, too. Each becomes a backup of its own with copy_of "
     "and these settings, named like db8@mnt-nas-db8; `name` and `max_lag` beside `on` set "
     "others."},
    {"success_exit_status", "list of numbers", "[1]",
     "With systemd: exit statuses of the job that are a success to you, besides 0. borg ends with "
     "1 if a file changed while it was read. Name them in SuccessExitStatus= of the unit, too: "
     "otherwise systemd does not run what comes after that command."},
    {"stanza", "text", "\"main\"",
     "For pgbackrest: the stanza. Needed only if the repository has several."},
    {"time_pattern", "text", "\"%Y-%m-%d_%H%M%S\"",
     "For files: how the file names write the time, as in strptime(3). If not set, lastgood "
     "recognises common forms, and otherwise uses the modification time."},
    {"settle_time", "duration", "\"1min\"",
     "For files: a file that has not changed for this long counts as complete. Default "
     "`\"1min\"`."},
    {"each", "text", "\"name\"",
     "For files: the place holds copies of several sources, and each is a backup of its own, "
     "NAME/STREAM, with these limits. `\"name\"`: they are told apart by the part of a file's name "
     "before its date, `\"directory\"`: by the directory below the pattern's part without "
     "wildcards. A stream whose copies go away is missed until `lastgood forget NAME/STREAM`."},
    {"complete_if", "text", "\"DONE\"",
     "For files: a copy that is a directory is complete if it has this file. The "
     "marks of pg_dump -Fd (toc.dat), pg_basebackup (backup_manifest), pgBackRest "
     "(backup.manifest) and mariabackup (xtrabackup_info) are known without it."},
    {"max_wal_age", "duration", "\"1h\"",
     "For pgbackrest and barman: the newest archived WAL may be this old. A database that writes "
     "nothing archives nothing, so set it only with archive_timeout and a database in use. WAL "
     "that waits in a database named in covers is told without it."},
    {"cache_directory", "path", "\"/root/.cache/borg\"",
     "For borg: the cache of the borg client, which records when a backup finished."},
    {"log", "path", "\"/var/log/rsnapshot.log\"",
     "For rsnapshot: its log (logfile in rsnapshot.conf). Default `\"/var/log/rsnapshot.log\"`. "
     "Without a log nothing tells a failed run from a good one."},
};
constexpr Example elsewhere_keys[] = {
    {"paths", "list of paths", "[\"/srv/shop\"]",
     "Required. Directories or mount points. Each counts for what is below it on its filesystem."},
    {"owner", "text", "\"anna\"", "Required. Who answers for that backup."},
    {"reason", "text", "\"the hypervisor copies this disk each night\"",
     "Required. Who or what backs it up, and where to."},
    {"until", "date", "2027-03-01",
     "Required. When it must be asked again, 365 days ahead at most; the end is a finding."},
};

constexpr Example accept_keys[] = {
    {"rule", "text", "\"drive_suspect_many_reallocated\"",
     "Required. The rule of the finding (docs/rules.md)."},
    {"subject", "text", "\"EX0000A1\"",
     "The serial number or id of a drive, the UUID or id of an array, the path of a filesystem, "
     "the "
     "name of a backup or collector. A name like sda is refused: after the next boot it may be "
     "another drive. None for a rule about the host."},
    {"up_to", "number", "16",
     "Required by rules that compare a value: the finding speaks again when its value is worse."},
    {"until", "date", "2027-03-01", "Required. The end, 365 days ahead at most."},
    {"reason", "text", "\"has not grown for a year\"", "Required. Why, in one line."},
};
constexpr Example spool_keys[] = {
    {"name", "text", "\"outbox\"", "Required. Its name: letters, digits and - _ . @."},
    {"path", "path", "\"/var/spool/outbox\"",
     "Required. The directory, which is counted with its subdirectories; or a pattern of "
     "directories and files, such as `\"/srv/*/outbox/*.msg\"`. A name that begins with a dot does "
     "not count."},
    {"max_age", "duration", "\"15min\"",
     "How old the oldest entry may be: since it was created there, or came by a rename."},
    {"max_count", "number", "10000", "How many entries may lie there."},
    {"max_bytes", "size", "\"1GiB\"", "How large they may be together."},
    {"max_pause", "duration", "\"3min\"",
     "How long nothing may leave while something lies there: longer than the pauses of its reader. "
     "Default `\"3min\"`."},
};
constexpr Example probe_keys[] = {
    {"name", "text", "\"database\"", "Required. Its name: letters, digits and - _ . @."},
    {"write", "path", "\"/srv\"",
     "A directory, best a mount point: 16 bytes are written to a file without a name there and "
     "synced, unless nothing else was written on the filesystem since."},
    {"command", "list of text", "[\"/usr/local/bin/write-a-row\"]",
     "A program with its whole path, and its arguments; no shell is between. It works if its exit "
     "status is 0. Needs `user`."},
    {"user", "text", "\"postgres\"", "For `command`: who it runs as, not root."},
    {"address", "text", "\"db1.example.net:5432\"", "HOST:PORT to which a TCP connection is made."},
    {"send", "text", "\"PING\\r\\n\"", "For `address`: what is sent then. Needs `expect`."},
    {"expect", "text", "\"+PONG\"", "For `address`: how the answer begins."},
    {"max_time", "duration", "\"500ms\"",
     "How long an attempt may take: two slower ones of four are reported. Default: ten times what "
     "is usual, between half a second and 2 s."},
    {"interval", "duration", "\"1min\"", "Time between two attempts. Default `\"1min\"`."},
    {"deadline", "duration", "\"30s\"",
     "A longer attempt is ended, and has failed. Default `\"30s\"`."},
};
constexpr Example collector_keys[] = {
    {"name", "text", "\"tape-age\"",
     "Required. Its name: letters, digits and - _ . @; not the name of a built-in collector."},
    {"command", "list of text", "[\"/usr/local/bin/tape-age\"]",
     "Required. A program with its whole path, which prints observations, and its arguments "
     "(docs/writing-a-collector.md)."},
    {"interval", "duration", "\"5min\"", "Time between two starts. Default `\"5min\"`."},
    {"deadline", "duration", "\"1min\"", "A longer run is killed. Default `\"1min\"`."},
};
constexpr Example builtin_collector_keys[] = {
    {"enabled", "true or false", "true", "Whether the collector runs. Default `true`."},
    {"interval", "duration", "\"5min\"", "Time between two starts. Default: the collector's own."},
    {"deadline", "duration", "\"1min\"", "A longer run is killed. Default: the collector's own."},
};

struct Section {
    std::string heading;  // "[serve]"; empty for the file's top level
    std::string prose;
    std::vector<Key<std::string>> keys;
    bool settings;  // each key has a default, and the section may occur once
};

// The value as TOML.
template <class T>
std::string toml_text(const T& value) {
    if constexpr (std::is_same_v<T, bool>) {
        return value ? "true" : "false";
    } else if constexpr (std::is_arithmetic_v<T>) {
        return fmt::format("\"{}\"", format_duration(value));
    } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
        return "[]";  // the default of each list
    } else {
        return fmt::format("\"{}\"", value);
    }
}

// The keys of the places come from the table of the kinds.
Section backup_section() {
    Section section{"[[backup]]", "", {}, false};
    const auto add = [&](const Example& key) {
        section.keys.push_back({key.name, key.type, std::string(key.value), key.prose});
    };
    for (const Example& key : backup_name) add(key);
    std::string places;
    for (const BackupKindRow& row : backup_kinds()) {
        if (row.place == BackupPlace::none) continue;
        section.keys.push_back({row.key, row.place == BackupPlace::unit ? "unit" : "path",
                                fmt::format("\"{}\"", row.example), row.prose});
        places += fmt::format("{}{}", places.empty() ? "" : ", ", row.key);
    }
    for (const Example& key : backup_keys) add(key);
    places.replace(places.rfind(", "), 2, " and ");
    section.prose = fmt::format(
        "One table for each backup that you expect. Set one of {}. If none is set, the values come "
        "from the inbox or from another collector.",
        places);
    return section;
}

std::vector<Section> all_sections() {
    const Config defaults;
    std::vector<Section> sections;
    std::string_view current = "none yet";
    for_each_setting(defaults, [&](const auto& setting) {
        if (current != setting.section) {
            current = setting.section;
            sections.push_back(
                {current.empty() ? std::string() : fmt::format("[{}]", current), "", {}, true});
        }
        sections.back().keys.push_back({setting.key, "", toml_text(setting.value), setting.prose});
    });
    const auto add = [&](std::string heading, std::string_view prose,
                         std::span<const Example> keys) {
        sections.push_back({std::move(heading), std::string(prose), {}, false});
        for (const auto& [name, type, value, text] : keys) {
            sections.back().keys.push_back({name, type, std::string(value), text});
        }
    };
    sections.push_back(backup_section());
    add("[[spool]]",
        "One table for each directory that must keep draining: a queue of mail, records that wait "
        "to be sent. It is reported when nothing leaves it any more, with or without limits.",
        spool_keys);
    add("[[probe]]",
        "One table for each thing to try regularly, to learn how long it takes: a write, a command "
        "or a connection. Set one of write, command and address. `lastgood-probe.service` makes "
        "writes and commands, `lastgood-remote.service` connections: enable and restart them.",
        probe_keys);
    add("[[declared_elsewhere]]",
        "One table for data that is backed up out of this host's sight: by the hypervisor, or by a "
        "server that fetches it. What no backup here has is not reported, but is shown as accepted "
        "until the date, with the owner; it is never called fine. It counts neither for a "
        "temporary disk nor for a backup that is late.",
        elsewhere_keys);
    add("[[accept]]",
        "One table for each finding that you know and live with. It stays visible, but counts no "
        "longer. `lastgood accept` does the same from the command line.",
        accept_keys);
    add("[[collector]]", "One table for each collector of your own.", collector_keys);
    add("[collectors.NAME]", "When a built-in collector runs.", builtin_collector_keys);
    return sections;
}

constexpr std::string_view introduction =
    "lastgood reads `/etc/lastgood/lastgood.toml`, then the files `*.toml` in "
    "`/etc/lastgood/conf.d/` in the order of their names. All of them may be missing. `lastgood "
    "config check` reports every mistake, such as an unknown key, with file, line, column and what "
    "to write, and warns of paths that are not there. A duration needs a unit: `\"90s\"`, "
    "`\"26h\"`, `\"1h 30min\"`, `\"2w\"`; it is at most 100 years. A file that names a command, "
    "or where lastgood writes, must belong to root or to the user that runs lastgood, and nobody "
    "else may be able to write to it or to a directory above it: otherwise it is refused.";

std::string without_marks(std::string_view text) {
    std::string result(text);
    std::erase(result, '`');
    return result;
}

// Wraps text into lines of at most 100 characters that begin with "# ".
std::string comment(std::string_view text) {
    std::string result, line = "#";
    std::string words = without_marks(text) + " ";
    for (size_t start = 0, end; (end = words.find(' ', start)) != words.npos; start = end + 1) {
        const std::string_view word = std::string_view(words).substr(start, end - start);
        if (line.size() + 1 + word.size() > 100) {
            result += line + "\n";
            line = "#";
        }
        line += fmt::format(" {}", word);
    }
    return result + line + "\n";
}

}  // namespace

std::string settings_to_markdown() {
    std::string text = fmt::format("# Configuration\n\n{}\n{}\n", generated_note, introduction);
    for (const Section& section : all_sections()) {
        text += fmt::format("\n## {}\n\n", section.heading.empty() ? "Top level" : section.heading);
        if (!section.prose.empty()) text += fmt::format("{}\n\n", section.prose);
        text += fmt::format("| key | {} | meaning |\n|---|---|---|\n",
                            section.settings ? "default" : "type");
        for (const auto& key : section.keys) {
            if (section.settings)
                text += fmt::format("| `{}` | `{}` | {} |\n", key.name, key.value,
                                    markdown_text(key.prose));
            else
                text += fmt::format("| `{}` | {} | {} |\n", key.name, key.type, key.prose);
        }
    }
    return text;
}

std::string settings_to_man() {
    std::string text = fmt::format(
        ".\\\" {}.TH LASTGOOD.TOML 5 \"\" \"lastgood\" \"File formats\"\n.SH NAME\n"
        "lastgood.toml \\- configuration of lastgood\n.SH SYNOPSIS\n"
        ".I /etc/lastgood/lastgood.toml\n.br\n.I /etc/lastgood/conf.d/*.toml\n"
        ".SH DESCRIPTION\n{}\n.PP\nThe agent reads it again on\n"
        ".B systemctl reload lastgood\n"
        "(SIGHUP). If it has an error, the old one stays in force. After a change of\n"
        ".B [serve]\nrestart\n.BR lastgood-exporter.service ;\nafter one of state_directory or "
        "runtime_directory\n.BR lastgood.service .\n",
        generated_note, man_text(introduction));
    for (const Section& section : all_sections()) {
        text += fmt::format(".SH \"{}\"\n",
                            section.heading.empty() ? "TOP LEVEL" : man_text(section.heading));
        if (!section.prose.empty()) text += man_text(section.prose) + "\n";
        for (const auto& key : section.keys) {
            text +=
                fmt::format(".TP\n.BR {} \" ({})\"\n{}\n", man_text(key.name),
                            section.settings ? "default " + man_text(without_marks(key.value), true)
                                             : std::string(key.type),
                            man_text(key.prose));
        }
    }
    return text + ".SH SEE ALSO\n.BR lastgood (1)\n";
}

std::string settings_to_example() {
    std::string text =
        comment(
            "Configuration of lastgood, see lastgood.toml(5). The commented settings show their "
            "defaults; the tables at the end are examples. After a change: lastgood config check "
            "&& systemctl reload lastgood. After a change of [serve]: systemctl restart "
            "lastgood-exporter") +
        "#\n" + comment(introduction);
    for (const Section& section : all_sections()) {
        const bool placeholder = section.heading.find("NAME") != section.heading.npos;
        text += "\n";
        if (!section.prose.empty()) text += comment(section.prose);
        if (!section.heading.empty())
            text += fmt::format("{}{}\n", section.settings ? "" : "#",
                                placeholder ? "[collectors.smart]" : section.heading);
        for (const auto& key : section.keys)
            text += fmt::format("{}{}#{} = {}\n",
                                section.settings && &key == &section.keys.front() ? "" : "\n",
                                comment(key.prose), key.name, key.value);
    }
    return text;
}

}  // namespace lastgood
