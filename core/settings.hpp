// Declares each setting with a default once: section, key, default and help. agent/config_file.cpp
// reads them; docs/config.md, lastgood.toml(5) and the shipped configuration are generated from
// them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/time.hpp"

namespace lastgood {

// A setting that is a path is absolute; an optional one may be empty.
enum class PathRule { no_path, required, optional };

// Converts to its value: `now - config.growth_window`, `config.listen = "[::]:9847"`.
template <class T>
struct Setting {
    std::string_view section = {};  // "serve" of [serve]; empty: the file's top level
    std::string_view key;
    T value;  // the default, until a file says otherwise
    std::string_view prose;
    PathRule path = PathRule::no_path;

    operator const T&() const { return value; }
    Setting& operator=(T other) {
        value = std::move(other);
        return *this;
    }
};

// Durations are written with a unit in the file ("24h"). Keep the settings of a section together.
struct Settings {
    Setting<std::string> state_directory{
        .key = "state_directory",
        .value = "/var/lib/lastgood",
        .prose =
            "Directory of the database that keeps counters and the beginnings of findings across "
            "restarts, and of what was seen of each backup.",
        .path = PathRule::required,
    };
    Setting<std::string> runtime_directory{
        .key = "runtime_directory",
        .value = "/run/lastgood",
        .prose = "Directory of report.json.",
        .path = PathRule::required,
    };
    Setting<std::string> inbox_directory{
        .key = "inbox_directory",
        .value = "/var/lib/lastgood/inbox",
        .prose =
            "Directory of files with observations from other programs; each file is read like a "
            "collector's output.",
        .path = PathRule::optional,
    };
    Setting<std::string> listen{
        .section = "serve",
        .key = "listen",
        .value = "127.0.0.1:9847",
        .prose =
            "Address and port of /metrics. \"[::]:9847\" means every address; "
            "lastgood-exporter.service listens there if this is not set.",
    };
    Setting<std::string> serve_user{
        .section = "serve",
        .key = "user",
        .value = "nobody",
        .prose = "User the listener switches to when started as root.",
    };
    Setting<std::string> tls_certificate{
        .section = "serve",
        .key = "tls_certificate",
        .value = "",
        .prose =
            "The listener speaks HTTPS with this certificate: a PEM file with the certificate and "
            "those between it and its authority. Needs tls_key. Empty: HTTP.",
        .path = PathRule::optional,
    };
    Setting<std::string> tls_key{
        .section = "serve",
        .key = "tls_key",
        .value = "",
        .prose = "Private key of tls_certificate: a PEM file, not encrypted.",
        .path = PathRule::optional,
    };
    Setting<std::string> password_file{
        .section = "serve",
        .key = "password_file",
        .value = "",
        .prose =
            "The listener answers only users of this file: lines like those of htpasswd -nB. Set "
            "tls_certificate, too: without it passwords can be read on the way. Empty: everybody.",
        .path = PathRule::optional,
    };
    Setting<std::string> textfile_path{
        .section = "textfile",
        .key = "path",
        .value = "",
        .prose =
            "The metrics are also written to this file, for node_exporter's textfile collector. It "
            "must end in .prom. Empty: no file.",
        .path = PathRule::optional,
    };
    Setting<bool> loop_devices{
        .section = "drives",
        .key = "loop_devices",
        .value = false,
        .prose = "Treat loop devices as drives, for tests on machines without drives.",
    };
    Setting<Seconds> growth_window{
        .section = "drives",
        .key = "growth_window",
        .value = 7 * 86400,
        .prose = "A drive is suspect if one of its health counters grew within this time.",
    };
    Setting<Seconds> kernel_log_window{
        .section = "kernel_log",
        .key = "window",
        .value = 86400,
        .prose = "A kernel error, or a message in the journal, counts as recent for this long.",
    };
    Setting<std::string> kernel_log_source{
        .section = "kernel_log",
        .key = "source",
        .value = "/dev/kmsg",
        .prose = "Kernel log device.",
        .path = PathRule::required,
    };
    Setting<std::string> journal_directory{
        .section = "journal",
        .key = "directory",
        .value = "",
        .prose =
            "Directory of systemd's journal files. Empty: this host's, in /var/log/journal and "
            "/run/log/journal.",
        .path = PathRule::optional,
    };
    Setting<std::vector<std::string>> not_backed_up{
        .section = "filesystems",
        .key = "not_backed_up",
        .value = {},
        .prose =
            "Mount points and data that need no backup, like \"/scratch\", if you like with the "
            "reason: \"/scratch: made anew each night\". They are shown, but not reported.",
    };
    Setting<Seconds> fill_window{
        .section = "filesystems",
        .key = "fill_window",
        .value = 6 * 3600,
        .prose = "The forecast of when a filesystem is full uses its growth within this time.",
    };
    Setting<std::vector<std::string>> precious{
        .section = "data",
        .key = "precious",
        .value = {},
        .prose =
            "Directories and files, besides those that are found (databases, /home, /srv …), that "
            "must be in a backup.",
    };
};

using SettingMember =
    std::variant<Setting<std::string> Settings::*, Setting<bool> Settings::*,
                 Setting<Seconds> Settings::*, Setting<std::vector<std::string>> Settings::*>;
// Every setting, in the order above. core/make_setting_table.sh generates the table at build time.
std::span<const SettingMember> all_settings();

// Calls `visit` with each setting of `settings`, which may be const.
template <class SomeSettings, class Visit>
void for_each_setting(SomeSettings&& settings, Visit visit) {
    for (const SettingMember& any : all_settings())
        std::visit([&](auto member) { visit(settings.*member); }, any);
}

}  // namespace lastgood
