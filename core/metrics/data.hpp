// Metrics about data that is worth a backup: databases, home directories, what the setting
// `precious` names. Where it lies and which copies of it there are.
#pragma once

#include "core/metric.hpp"

namespace lastgood::metric {

inline constexpr Metric data_info{
    .name = "lastgood_data_info",
    .subject = SubjectKind::data,
    .type = MetricType::info,
    .labels = "filesystem,kind,path,title",
    .help =
        "Data that is worth a backup, and the filesystem that it lies on; title is what people "
        "call it.",
};

inline constexpr Metric data_size_bytes{
    .name = "lastgood_data_size_bytes",
    .subject = SubjectKind::data,
    .type = MetricType::gauge,
    .help = "Space that it takes on the disk, as far as it was counted.",
};

inline constexpr Metric data_size_incomplete{
    .name = "lastgood_data_size_incomplete",
    .subject = SubjectKind::data,
    .type = MetricType::gauge,
    .labels = "bound",
    .help =
        "1 if it has more files than are counted, or some could not be read; bound is then the "
        "words before its size: \"at least \".",
};

inline constexpr Metric data_server_running{
    .name = "lastgood_data_server_running",
    .subject = SubjectKind::data,
    .type = MetricType::gauge,
    .help =
        "1 if a database server runs on it, so that copies of its files are no backup; absent if "
        "it is no database.",
};

inline constexpr Metric data_missing{
    .name = "lastgood_data_missing",
    .subject = SubjectKind::data,
    .type = MetricType::gauge,
    .labels = "why",
    .help =
        "1 if there is no such path, though the setting precious or [[declared_elsewhere]] names "
        "it, or if /etc/fstab has a filesystem there that is not mounted.",
};

inline constexpr Metric data_link{
    .name = "lastgood_data_link",
    .subject = SubjectKind::data,
    .type = MetricType::state,
    .labels = "target",
    .help =
        "1 if a path of [[declared_elsewhere]] counts for nothing, because it is a symbolic link, "
        "or leads over a link of a user to what is not that user's.",
};

inline constexpr Metric data_ephemeral{
    .name = "lastgood_data_ephemeral",
    .subject = SubjectKind::data,
    .type = MetricType::gauge,
    .help = "1 if it lies on a disk that is lost when the machine is stopped or moved, else 0.",
};

inline constexpr Metric data_moved_timestamp_seconds{
    .name = "lastgood_data_moved_timestamp_seconds",
    .subject = SubjectKind::data,
    .type = MetricType::gauge,
    .labels = "backup,to",
    .help =
        "Since then its path leads to another place, `to`, which no backup takes; backup had it "
        "where it was. Absent while it is not so.",
};

inline constexpr Metric data_dropped_timestamp_seconds{
    .name = "lastgood_data_dropped_timestamp_seconds",
    .subject = SubjectKind::data,
    .type = MetricType::gauge,
    .labels = "backup",
    .help =
        "Since then no backup has it, though it lies where it was; backup had it before. Absent "
        "while it is not so.",
};

inline constexpr Metric data_paused_until_timestamp_seconds{
    .name = "lastgood_data_paused_until_timestamp_seconds",
    .subject = SubjectKind::data,
    .type = MetricType::gauge,
    .help =
        "When the first of its backups is to run again, if all of them are paused; absent if one "
        "is not.",
};

inline constexpr Metric data_backed_up{
    .name = "lastgood_data_backed_up",
    .subject = SubjectKind::data,
    .type = MetricType::gauge,
    .help = "1 if the covers of a backup have it or a part of it, else 0.",
};

inline constexpr Metric data_partly_backed_up{
    .name = "lastgood_data_partly_backed_up",
    .subject = SubjectKind::data,
    .type = MetricType::gauge,
    .help =
        "1 if the covers of all backups together have only a part of it, 0 if they have all; "
        "absent "
        "if no backup has any.",
};

inline constexpr Metric data_precious{
    .name = "lastgood_data_precious",
    .subject = SubjectKind::data,
    .type = MetricType::gauge,
    .help = "1 if the setting precious names it.",
};

inline constexpr Metric data_backup_waived{
    .name = "lastgood_data_backup_waived",
    .subject = SubjectKind::data,
    .type = MetricType::state,
    .labels = "reason",
    .help = "1 if the setting not_backed_up names it or its filesystem.",
};

inline constexpr Metric data_elsewhere_until_timestamp_seconds{
    .name = "lastgood_data_elsewhere_until_timestamp_seconds",
    .subject = SubjectKind::data,
    .type = MetricType::gauge,
    .labels = "owner,reason",
    .help =
        "Until then somebody says that it is backed up out of this host's sight "
        "([[declared_elsewhere]]); absent on an ephemeral disk.",
};

inline constexpr Metric data_told_by_filesystem{
    .name = "lastgood_data_told_by_filesystem",
    .subject = SubjectKind::data,
    .type = MetricType::gauge,
    .help =
        "1 if no backup has any of the filesystem that it lies on: that has a finding, and this "
        "has none of its own.",
};

inline constexpr Metric data_backup{
    .name = "lastgood_data_backup",
    .subject = SubjectKind::data,
    .type = MetricType::state,
    .labels = "backup,content,domain,part,via",
    .help =
        "1 for each backup whose covers have it, or have the copies of another backup of it, via; "
        "part is empty, or names the paths if it is only those; domain is where the copies lie "
        "against it, or ephemeral; content is database (a dump, or a tool of the database), files, "
        "or unknown.",
};

inline constexpr Metric data_copies{
    .name = "lastgood_data_copies",
    .subject = SubjectKind::data,
    .type = MetricType::gauge,
    .labels = "domain",
    .help =
        "Backups that have all of it and whose newest copy is fresh, and that of its original if "
        "it is a copy of one, by where the copies lie against it; unknown: the place or the state "
        "of the copies cannot be told; ephemeral: they lie on a disk that is lost with the "
        "machine, and are no second copy.",
};

inline constexpr Metric data_drives{
    .name = "lastgood_data_drives",
    .subject = SubjectKind::data,
    .type = MetricType::gauge,
    .help =
        "Drives of this host that the data, or one of its copies by data_copies, lies on; those on "
        "an ephemeral disk do not count. Absent if it has no copy, or if the drives of the data "
        "are not known.",
};

inline constexpr Metric data_drives_incomplete{
    .name = "lastgood_data_drives_incomplete",
    .subject = SubjectKind::data,
    .type = MetricType::gauge,
    .help = "1 if the drives of one of its copies are not known: there may be more drives.",
};

inline constexpr Metric data_health{
    .name = "lastgood_data_health",
    .subject = SubjectKind::data,
    .type = MetricType::state,
    .labels = "state",
    .help =
        "What lastgood status says of the data and its backups: fine, warning, critical or "
        "unknown.",
    .own = true,
};

}  // namespace lastgood::metric
