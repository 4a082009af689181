// Metrics about backups: age, size, where the copies are stored.
#pragma once

#include "core/metric.hpp"

namespace lastgood::metric {

inline constexpr Metric backup_info{
    .name = "lastgood_backup_info",
    .subject = SubjectKind::backup,
    .type = MetricType::info,
    .labels = "covers,kind,location,unit",
    .help =
        "An expected stream of copies, the first paths of its covers, where it lies, and the unit "
        "of systemd that makes it, if one is known.",
};

inline constexpr Metric backup_readable{
    .name = "lastgood_backup_readable",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help =
        "0 if the place of the copies could not be read, or if nobody reports a backup that others "
        "report.",
};

inline constexpr Metric backup_reported_by_others{
    .name = "lastgood_backup_reported_by_others",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "1 if the values of the backup come from the inbox or from another collector.",
};

inline constexpr Metric backup_reported_timestamp_seconds{
    .name = "lastgood_backup_reported_timestamp_seconds",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help =
        "Time of the newest copy that the inbox or another collector reported last; it stays while "
        "nobody reports the backup.",
    .memory = Memory::remembered,
    .own = true,
};

inline constexpr Metric backup_newest_timestamp_seconds{
    .name = "lastgood_backup_newest_timestamp_seconds",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .labels = "confidence",
    .help =
        "Time of the newest copy. confidence is exact (the tool recorded a finished backup), "
        "inferred (only a finished backup leaves such files) or activity (something changed, which "
        "proves nothing).",
};

inline constexpr Metric backup_went_back_from_timestamp_seconds{
    .name = "lastgood_backup_went_back_from_timestamp_seconds",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help =
        "Time of a newer copy that was there before and is gone; absent while the newest copy "
        "is the newest ever seen.",
};

inline constexpr Metric backup_unjudged_copies{
    .name = "lastgood_backup_unjudged_copies",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "Copies whose record is damaged or cannot be read. Absent if there is none.",
};

inline constexpr Metric backup_arrived_timestamp_seconds{
    .name = "lastgood_backup_arrived_timestamp_seconds",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .labels = "confidence",
    .help =
        "When the newest copy of a copy_of arrived, if only that can be told: its content is no "
        "newer than that of the original.",
};

inline constexpr Metric backup_copy_of{
    .name = "lastgood_backup_copy_of",
    .subject = SubjectKind::backup,
    .type = MetricType::state,
    .labels = "original",
    .help = "1 for the backup whose copies are copied here (setting copy_of).",
};

inline constexpr Metric backup_lag_seconds{
    .name = "lastgood_backup_lag_seconds",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help =
        "How much older its newest content is than that of the backup that it is a copy of "
        "(setting copy_of).",
};

inline constexpr Metric backup_max_lag_seconds{
    .name = "lastgood_backup_max_lag_seconds",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "Largest lag that it may have (setting max_lag).",
};

inline constexpr Metric backup_original_late{
    .name = "lastgood_backup_original_late",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help =
        "1 if the backup that it is a copy of is too old itself, and this copy is not behind it.",
};

inline constexpr Metric backup_missing_streams{
    .name = "lastgood_backup_missing_streams",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "Streams of the backup that it is a copy of, older than max_lag, that are not here.",
};

inline constexpr Metric backup_oldest_timestamp_seconds{
    .name = "lastgood_backup_oldest_timestamp_seconds",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "Time of the oldest copy still kept.",
};

inline constexpr Metric backup_verified_timestamp_seconds{
    .name = "lastgood_backup_verified_timestamp_seconds",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "When the copies were last verified.",
};

inline constexpr Metric backup_max_age_seconds{
    .name = "lastgood_backup_max_age_seconds",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "Largest age that the newest copy may have (setting max_age).",
};

inline constexpr Metric backup_due_timestamp_seconds{
    .name = "lastgood_backup_due_timestamp_seconds",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help =
        "Newest time of the schedule whose grace is over: there must be a copy since then "
        "(settings schedule and grace).",
};

inline constexpr Metric backup_due_night{
    .name = "lastgood_backup_due_night",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help =
        "The night of lastgood_backup_due_timestamp_seconds, from noon to noon by the clock of its "
        "time zone: the day on which it ends, in days since 1970-01-01.",
};

inline constexpr Metric backup_long_due_timestamp_seconds{
    .name = "lastgood_backup_long_due_timestamp_seconds",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help =
        "Time of the schedule that was due three times and at least a day ago: without a copy "
        "since then the backup has failed for long.",
};

inline constexpr Metric backup_slots{
    .name = "lastgood_backup_slots",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "Days of the week on which a stream is due (setting slots); 0: none names it.",
};

inline constexpr Metric backup_missed_slots{
    .name = "lastgood_backup_missed_slots",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help =
        "Streams whose copy of one night is still missing: of the night that misses most. The due "
        "time of each stream is in lastgood_backup_due_timestamp_seconds.",
};

inline constexpr Metric backup_missed_night{
    .name = "lastgood_backup_missed_night",
    .subject = SubjectKind::backup,
    .type = MetricType::state,
    .labels = "night",
    .help = "The night of lastgood_backup_missed_slots, such as Tue 2026-11-24.",
};

inline constexpr Metric backup_size_bytes{
    .name = "lastgood_backup_size_bytes",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "Size of the newest complete copy.",
};

inline constexpr Metric backup_min_size_bytes{
    .name = "lastgood_backup_min_size_bytes",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "Size the newest copy must have (setting min_size).",
};

inline constexpr Metric backup_usual_size_bytes{
    .name = "lastgood_backup_usual_size_bytes",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "Median size of the copies before the newest one, 30 at most.",
};

inline constexpr Metric backup_shrunk_size_bytes{
    .name = "lastgood_backup_shrunk_size_bytes",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "A newest copy smaller than this has shrunk (setting shrink, of the usual size).",
};

inline constexpr Metric backup_min_span_seconds{
    .name = "lastgood_backup_min_span_seconds",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help =
        "Age that the oldest copy must have by now (setting keep_span, or as long as there have "
        "been copies; less the time between two copies).",
};

inline constexpr Metric backup_max_span_seconds{
    .name = "lastgood_backup_max_span_seconds",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "Age that no copy may have (setting delete_after, and the time between two copies).",
};

inline constexpr Metric backup_min_count{
    .name = "lastgood_backup_min_count",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help =
        "Copies that must be kept by now (setting min_count; fewer while there have not been so "
        "many).",
};

inline constexpr Metric backup_paused_until_timestamp_seconds{
    .name = "lastgood_backup_paused_until_timestamp_seconds",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "Until then nobody expects new copies (setting paused_until).",
};

inline constexpr Metric backup_restored_timestamp_seconds{
    .name = "lastgood_backup_restored_timestamp_seconds",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "When a copy was last restored, as a test or in need.",
};

inline constexpr Metric backup_verified_within_seconds{
    .name = "lastgood_backup_verified_within_seconds",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "The last verification may be this old (setting verified_within).",
};

inline constexpr Metric backup_restored_within_seconds{
    .name = "lastgood_backup_restored_within_seconds",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "The last restore may be this old (setting restored_within).",
};

inline constexpr Metric backup_record_timestamp_seconds{
    .name = "lastgood_backup_record_timestamp_seconds",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .labels = "what,by,note",
    .help = "When somebody recorded that it was verified or restored (lastgood record).",
};

inline constexpr Metric backup_wal_timestamp_seconds{
    .name = "lastgood_backup_wal_timestamp_seconds",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "When the newest write-ahead log (WAL) of PostgreSQL was archived.",
};

inline constexpr Metric backup_max_wal_age_seconds{
    .name = "lastgood_backup_max_wal_age_seconds",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "Largest age that the newest archived WAL may have (setting max_wal_age).",
};

inline constexpr Metric backup_wal_waiting_timestamp_seconds{
    .name = "lastgood_backup_wal_waiting_timestamp_seconds",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help =
        "Since when the oldest WAL that a covered database has finished waits to be archived; "
        "absent: none waits, or it cannot be seen.",
};

inline constexpr Metric backup_count{
    .name = "lastgood_backup_count",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "Complete copies kept.",
};

inline constexpr Metric backup_streams{
    .name = "lastgood_backup_streams",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help =
        "Streams of copies in one place, each a backup NAME/STREAM of its own, and those that "
        "slots name and were never seen; absent: it is one stream. The newest copy of the whole is "
        "the oldest of their newest ones.",
};

inline constexpr Metric backup_incomplete{
    .name = "lastgood_backup_incomplete",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help =
        "1 if the newest finished copy is truncated, empty or ended with an error, 0 if it is "
        "complete; absent if that cannot be told.",
};

inline constexpr Metric backup_incomplete_copies{
    .name = "lastgood_backup_incomplete_copies",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help =
        "Finished copies that are truncated, empty or ended with an error, among the newest, "
        "which are checked.",
};

inline constexpr Metric backup_whole_copies_lost{
    .name = "lastgood_backup_whole_copies_lost",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "Complete copies that were removed since the newest one is incomplete.",
};

inline constexpr Metric backup_in_progress{
    .name = "lastgood_backup_in_progress",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "1 while a copy is being written.",
};

inline constexpr Metric backup_lock_timestamp_seconds{
    .name = "lastgood_backup_lock_timestamp_seconds",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "Time of the oldest lock in the repository.",
};

inline constexpr Metric backup_told_by_data{
    .name = "lastgood_backup_told_by_data",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help =
        "1 if data that it has exists on one drive only: that has a finding, which names the data.",
};

inline constexpr Metric backup_copies_gone{
    .name = "lastgood_backup_copies_gone",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help =
        "How many copies were there at an earlier look, if none is there now. The newest copy is "
        "then that of the earlier look.",
};

inline constexpr Metric backup_told_by_whole{
    .name = "lastgood_backup_told_by_whole",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help =
        "1 for a stream whose backup has the finding, as all its streams are gone or unreadable.",
};

inline constexpr Metric backup_other_files{
    .name = "lastgood_backup_other_files",
    .subject = SubjectKind::backup,
    .type = MetricType::state,
    .labels = "example",
    .help =
        "Names at the place of a backup of which no copy was ever seen, at most 1000: its pattern "
        "or place may be wrong.",
};

inline constexpr Metric backup_stamp_missing{
    .name = "lastgood_backup_stamp_missing",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "1 if the file that the job touches (setting stamp) is not there.",
};

inline constexpr Metric backup_streams_without_slot{
    .name = "lastgood_backup_streams_without_slot",
    .subject = SubjectKind::backup,
    .type = MetricType::state,
    .labels = "streams",
    .help = "Streams that the setting slots does not name: nothing says when they are due.",
};

inline constexpr Metric backup_slots_without_stream{
    .name = "lastgood_backup_slots_without_stream",
    .subject = SubjectKind::backup,
    .type = MetricType::state,
    .labels = "slots",
    .help = "Names in the setting slots of which no copy was ever seen.",
};

inline constexpr Metric backup_also_in{
    .name = "lastgood_backup_also_in",
    .subject = SubjectKind::backup,
    .type = MetricType::state,
    .labels = "other",
    .help =
        "1 for another backup that has all that this one has, on other drives than its source or "
        "off this host. Told of a backup that lies on the drive of its source.",
};

inline constexpr Metric backup_copied_elsewhere{
    .name = "lastgood_backup_copied_elsewhere",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help = "1 if one of lastgood_backup_also_in is fresh.",
};

inline constexpr Metric backup_failure_domain{
    .name = "lastgood_backup_failure_domain",
    .subject = SubjectKind::backup,
    .type = MetricType::state,
    .labels = "domain",
    .help =
        "What the copies share with what they cover: same-filesystem, same-drive, same-host, "
        "off-host or unknown.",
};

inline constexpr Metric backup_on_host{
    .name = "lastgood_backup_on_host",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help =
        "Of a backup without covers: 1 if its copies lie on a disk of this host, 0 if on another "
        "host; absent if that cannot be told.",
};

inline constexpr Metric backup_ephemeral{
    .name = "lastgood_backup_ephemeral",
    .subject = SubjectKind::backup,
    .type = MetricType::gauge,
    .help =
        "1 if the copies lie in memory, or on a disk that is lost when the machine is moved or "
        "stopped; absent if that cannot be told.",
};

inline constexpr Metric backup_drive{
    .name = "lastgood_backup_drive",
    .subject = SubjectKind::backup,
    .type = MetricType::state,
    .labels = "drive",
    .help = "1 for each drive of this host that the copies lie on.",
};

inline constexpr Metric backup_source_link{
    .name = "lastgood_backup_source_link",
    .subject = SubjectKind::backup,
    .type = MetricType::state,
    .labels = "path,target",
    .help =
        "1 for each path of covers that counts for nothing, because it is a symbolic link, or "
        "leads "
        "over a link of a user to what is not that user's.",
};

inline constexpr Metric backup_source_missing{
    .name = "lastgood_backup_source_missing",
    .subject = SubjectKind::backup,
    .type = MetricType::state,
    .labels = "path,why",
    .help = "1 for each path of covers that does not exist, or whose filesystem is not mounted.",
};

inline constexpr Metric backup_health{
    .name = "lastgood_backup_health",
    .subject = SubjectKind::backup,
    .type = MetricType::state,
    .labels = "state",
    .help = "What lastgood status says of the backup: fine, warning, critical or unknown.",
    .own = true,
};

}  // namespace lastgood::metric
