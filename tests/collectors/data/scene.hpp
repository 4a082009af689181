// A recorded host with data, and what the collector finds on it.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/metrics/data.hpp"
#include "tests/collectors/golden.hpp"
#include "tests/recorded_host.hpp"
#include "tests/support.hpp"

namespace lastgood::test {

inline constexpr const char* data_mountinfo =
    "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
    "28 27 8:2 / /var/lib/pgsql/15/data rw - ext4 /dev/sda2 rw\n"
    "29 27 8:17 / /backup rw - ext4 /dev/sdb1 rw\n"
    "30 27 0:50 / /srv/nfs rw - nfs4 nas:/export rw\n";

class DataScene : public RecordedHost {
  public:
    DataScene() {
        file("/proc/self/mountinfo", data_mountinfo);
        file("/proc/filesystems", "nodev\tproc\n\text4\n");
    }

    void postgresql(const std::string& path) {
        file(path + "/PG_VERSION", "15\n");
        file(path + "/global/pg_control", std::string(1000, 'x'));
        file(path + "/base/1/PG_VERSION", "15\n");
    }
    void process(int id, const std::string& program, const std::string& directory) {
        file(fmt::format("/proc/{}/comm", id), program + "\n");
        link(fmt::format("/proc/{}/cwd", id), directory);
        link(fmt::format("/proc/{}/root", id), "/");
    }
    void covers(const std::string& name, const std::vector<std::string>& paths,
                const std::string& location = "/backup/repository") {
        Backup backup;
        backup.name = name;
        backup.kind = BackupKind::restic;
        backup.location = location;
        backup.covers = paths;
        config.backups.push_back(backup);
    }

    // "postgresql /var/lib/postgresql/15/main; …"
    std::string found() {
        ran = run_on_host(*find_collector("data"), root(), config);
        std::vector<std::string> ids;
        for (const Observation& one : ran.sink.observations)
            if (one.metric == &metric::data_info) ids.push_back(one.subject);
        std::ranges::sort(ids);
        return fmt::format("{}", fmt::join(ids, "; "));
    }
    std::optional<double> value(const Metric& metric, std::string_view subject) const {
        return value_of(ran.sink.observations, metric, subject);
    }
    std::string label(const Metric& metric, std::string_view subject, std::string_view key) const {
        std::string text;
        for (const Observation& one : ran.sink.observations)
            if (one.metric == &metric && one.subject == subject)
                text += (text.empty() ? "" : "; ") + std::string(one.label(key));
        return text;
    }

    Config config;
    Ran ran;
};

}  // namespace lastgood::test
