#include "agent/config/surroundings.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <pwd.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "agent/config/backup_surroundings.hpp"
#include "core/descriptor.hpp"
#include "core/glob.hpp"
#include "core/similar.hpp"
#include "core/status_in_time.hpp"
#include "core/text.hpp"
#include "exporters/prometheus/certificate.hpp"
#include "exporters/prometheus/protection.hpp"

namespace lastgood {

namespace {

std::string why_unreachable(const Error& error, const std::string& path) {
    switch (error.kind) {
        case ErrorKind::absent:
            return fmt::format("there is no {}", path);
        case ErrorKind::denied:
            return fmt::format("not checked, you may not look at {}; check again as root", path);
        case ErrorKind::failed:
        case ErrorKind::malformed:
        case ErrorKind::timed_out:
            return error.message;
    }
    return error.message;
}

// What hangs keeps nobody waiting for long, however many paths lie there.
Result<FileStatus> status_of(const Host& host, const std::string& path) {
    static Seconds patience = 5;
    const Seconds began = host.monotonic();
    auto status = status_in_time(host, path, std::max(patience, 0.5));
    if (!status && status.error().kind == ErrorKind::timed_out)
        patience -= host.monotonic() - began;
    return status;
}

std::string check_path(const Host& host, const std::string& path, bool as_directory) {
    const auto status = status_of(host, path);
    if (!status) return why_unreachable(status.error(), path);
    if (as_directory && status->kind != FileKind::directory)
        return fmt::format("{} is not a directory", path);
    return {};
}

std::string check_program(const Host& host, const std::string& path) {
    if (const auto status = status_of(host, path); !status)
        return why_unreachable(status.error(), path);
    const auto opened = host.open(path, O_PATH);
    if (!opened) return why_unreachable(opened.error(), path);
    const Descriptor program(*opened);
    struct stat status {};
    if (::fstat(program.get(), &status) != 0) return errno_text(errno);
    if (!S_ISREG(status.st_mode)) return fmt::format("{} is not a program", path);
    if ((status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0)
        return fmt::format("{0} cannot be executed; mend it: chmod +x {0}", path);
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return fmt::format("others may change {0}, which lastgood runs; mend it: chmod go-w {0}",
                           path);
    return {};
}

// Where systemd looks for units (systemd.unit(5)).
constexpr std::array unit_directories{
    "/etc/systemd/system.control",  "/run/systemd/system.control",   "/run/systemd/transient",
    "/run/systemd/generator.early", "/etc/systemd/system",           "/run/systemd/system",
    "/run/systemd/generator",       "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
    "/lib/systemd/system",          "/run/systemd/generator.late"};

std::string check_unit(const Host& host, const std::string& unit) {
    // Of backup@home.service there is perhaps only backup@.service.
    std::string pattern = unit;
    if (const size_t at = unit.find('@'); at != unit.npos)
        pattern = unit.substr(0, at + 1) + unit.substr(unit.rfind('.'));
    for (const char* directory : unit_directories)
        for (const std::string& name : {unit, pattern})
            if (host.exists(fmt::format("{}/{}", directory, name))) return {};
    return fmt::format("there is no unit {0}; see which there are: systemctl list-unit-files",
                       unit);
}

constexpr std::string_view zones = "/usr/share/zoneinfo/";

std::string check_zone(const Host& host, const std::string& path) {
    if (host.status(path)) return {};
    const std::string directory(parent_directory(path));
    const auto known = host.list(directory);
    if (!known) return why_unreachable(known.error(), path);
    const std::string name = path.substr(zones.size());
    const auto meant = most_similar(path.substr(directory.size() + 1), *known);
    const std::string area = name.substr(0, name.rfind('/') + 1);  // "Europe/"
    return fmt::format("there is no time zone {}; {}", name,
                       meant.empty() ? "lastgood cannot judge this backup without it"
                                     : fmt::format("did you mean {}{}?", area, meant));
}

// A [[backup]] without a place: somebody reports it, or its place was forgotten.
std::string check_reporter(const Host& host, const Config& config, const std::string& name) {
    const auto inbox = host.list(config.inbox_directory.value);
    const bool perhaps = inbox ? !inbox->empty() : inbox.error().kind != ErrorKind::absent;
    if (perhaps || !config.external_collectors.empty()) return {};
    return fmt::format(
        "{} has no place: set files, restic, borg or another one; without a place, "
        "a collector or a file in the inbox must report it, and there is none",
        name);
}

bool is_user(const std::string& name) {
    std::array<char, 16384> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    return found != nullptr;
}

ConfigNeed need_of(BackupPlace place) {
    switch (place) {
        case BackupPlace::pattern:
            return ConfigNeed::pattern;
        case BackupPlace::later_file:
            return ConfigNeed::parent;
        case BackupPlace::directory:
        case BackupPlace::unit:
        case BackupPlace::none:
            return ConfigNeed::directory;
    }
    return ConfigNeed::directory;
}

std::string what_is_wrong(const Host& host, const Config& config, const ConfigUse& use) {
    switch (use.need) {
        case ConfigNeed::copies: {
            if (use.backup >= config.backups.size()) return {};
            ConfigUse place = use;
            place.need = need_of(row_of(config.backups[use.backup].kind).place);
            return what_is_wrong(host, config, place);
        }
        case ConfigNeed::existing:
        case ConfigNeed::covered:
            if (use.value.starts_with(zones)) return check_zone(host, use.value);
            return check_path(host, use.value, false);
        case ConfigNeed::directory:
            return check_path(host, use.value, true);
        case ConfigNeed::parent:
            return check_path(host, std::string(parent_directory(use.value)), true);
        case ConfigNeed::pattern:
            if (const auto status = status_of(host, use.value);
                status && status->kind == FileKind::directory)
                return fmt::format(
                    "{0} is a directory; write which files in it are the copies, "
                    "such as \"{0}/*\"",
                    trim_end(use.value, "/"));
            return check_path(host, split_path_pattern(use.value).fixed, true);
        case ConfigNeed::unit:
            return check_unit(host, use.value);
        case ConfigNeed::program:
            return check_program(host, use.value);
        case ConfigNeed::reported:
            return check_reporter(host, config, use.value);
        case ConfigNeed::stream:
        case ConfigNeed::user:
        case ConfigNeed::certificate:
        case ConfigNeed::key:
        case ConfigNeed::passwords:
            return {};
    }
    return {};
}

// The listener does not start without these files, so what is wrong with them is a mistake.
class ProtectionCheck {
  public:
    ProtectionCheck(const Host& host, ConfigReading& reading) : host_(host), reading_(reading) {}

    void run() {
        std::string certificate, key;
        const bool is_certificate = check(ConfigNeed::certificate, "tls_certificate", certificate);
        const bool is_key = check(ConfigNeed::key, "tls_key", key);
        std::string passwords;
        check(ConfigNeed::passwords, "password_file", passwords);
        if (!is_certificate || !is_key) return;
        if (const auto fits = check_pair(certificate, key); !fits)
            refuse(*find_use(reading_, ConfigNeed::key), fits.error().message);
    }

  private:
    // Whether there is a file that is good, as far as it shows alone.
    bool check(ConfigNeed need, std::string_view setting, std::string& text) {
        const ConfigUse* const use = find_use(reading_, need);
        // systemd puts these there when it starts the listener (systemd.exec(5)).
        if (use == nullptr || use->value.starts_with("/run/credentials/")) return false;
        const auto read = read_file(need, use->value);
        if (!read && read.error().kind == ErrorKind::denied) {
            warn(*use, why_unreachable(read.error(), use->value));
        } else if (!read) {
            const bool absent = read.error().kind == ErrorKind::absent;
            refuse(*use, fmt::format("{}: {}{}", setting, why_unreachable(read.error(), use->value),
                                     absent ? ": the listener does not start without it" : ""));
        } else {
            text = *read;
            check_mode(need, *use);
            if (std::string renew = why_renew_certificate(text, host_.now());
                need == ConfigNeed::certificate && !renew.empty())
                warn(*use, std::move(renew));
        }
        return read.has_value();
    }

    Result<std::string> read_file(ConfigNeed need, const std::string& path) {
        if (need == ConfigNeed::certificate) return read_certificate(host_, path);
        if (need == ConfigNeed::key) return read_key(host_, path);
        const auto passwords = read_passwords(host_, path);
        if (!passwords) return Failure(passwords.error());
        return std::string();
    }

    void check_mode(ConfigNeed need, const ConfigUse& use) {
        const auto opened = host_.open(use.value, O_PATH);
        if (!opened) return;
        const Descriptor file(*opened);
        struct stat status {};
        if (::fstat(file.get(), &status) != 0) return;
        const bool everybody = (status.st_mode & S_IROTH) != 0;
        if (everybody && need != ConfigNeed::certificate)
            warn(use, fmt::format("everybody may read {0}; mend it: chmod o-r {0}", use.value));
        const bool unit = std::ranges::any_of(listener_units,
                                              [&](const char* path) { return host_.exists(path); });
        if (!everybody && unit)
            warn(use, fmt::format("lastgood-exporter.service runs as a user that may not read {}; "
                                  "hand it over by LoadCredential=: "
                                  "/usr/share/doc/lastgood/docs/https.md",
                                  use.value));
    }

    void refuse(const ConfigUse& use, std::string text) {
        insert_remark(reading_, reading_.mistakes, {use.place, std::move(text)});
    }
    void warn(const ConfigUse& use, std::string text) {
        insert_remark(reading_, reading_.warnings, {use.place, std::move(text)});
    }

    static constexpr std::array listener_units{"/usr/lib/systemd/system/lastgood-exporter.service",
                                               "/lib/systemd/system/lastgood-exporter.service"};
    const Host& host_;
    ConfigReading& reading_;
};

}  // namespace

void look_around(const Host& host, ConfigReading& reading) {
    const BackupCheck backups(host, reading.config,
                              [&](const std::string& path) { return status_of(host, path); });
    for (const ConfigUse& use : reading.uses) {
        if (use.value.empty()) continue;
        if (use.need == ConfigNeed::user && !is_user(use.value))
            insert_remark(
                reading, reading.mistakes,
                {use.place,
                 fmt::format("there is no user \"{}\"; create it or name another one", use.value)});
        std::string wrong = what_is_wrong(host, reading.config, use);
        if (wrong.empty()) wrong = backups.what_is_wrong(use);
        if (!wrong.empty()) insert_remark(reading, reading.warnings, {use.place, std::move(wrong)});
    }
    ProtectionCheck(host, reading).run();
}

}  // namespace lastgood
