// A place of backups that a test makes file by file, on a recorded host at 2026-11-26 13:00 UTC.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "collectors/backups/state.hpp"
#include "tests/recorded_host.hpp"
#include "tests/time_zone.hpp"

namespace lastgood::test {

struct MadePlace {
    static constexpr Timestamp now = 1795698000;
    TimeZone zone{"UTC"};
    RecordedHost files;
    Backup backup;

    explicit MadePlace(BackupKind kind) {
        backup.kind = kind;
        backup.location = "/srv/b";
        files.directory("/srv/b");
        files.file("/now", "1795698000");
    }
    std::string at(const std::string& path) const { return files.root() + "/srv/b/" + path; }
    void write(const std::string& path, const std::string& text, Timestamp modified = now) {
        files.file("/srv/b/" + path, text);
        const timespec time{static_cast<time_t>(modified), 0};
        const timespec times[2] = {time, time};
        REQUIRE(::utimensat(AT_FDCWD, at(path).c_str(), times, 0) == 0);
    }
    void remove(const std::string& path) const { std::filesystem::remove_all(at(path)); }
    // In its place is what cannot be read, by root neither.
    void make_unreadable(const std::string& path) {
        remove(path);
        files.link("/srv/b/" + path, last_name(path));
    }
    BackupState look() const {
        const Host host(files.root());  // reads the clock's file
        auto state = backup.kind == BackupKind::pgbackrest    ? look_at_pgbackrest(host, backup)
                     : backup.kind == BackupKind::barman      ? look_at_barman(host, backup)
                     : backup.kind == BackupKind::mariabackup ? look_at_mariabackup(host, backup)
                                                              : look_at_duplicity(host, backup);
        REQUIRE(state.has_value());
        return *state;
    }

  private:
    static std::string last_name(const std::string& path) {
        return path.substr(path.rfind('/') + 1);
    }
};

inline bool says(const BackupState& state, const std::string& text) {
    return std::ranges::any_of(state.problems, [&](const Error& problem) {
        return problem.message.find(text) != std::string::npos;
    });
}

}  // namespace lastgood::test
