// The judgement of one subject: the status screen, its tables and `status SUBJECT` speak from it.
// Fine must be proven: a subject is fine only if it was looked at, nothing was found about it, and
// nothing that it depends on or that depends on it says otherwise. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/relations.hpp"
#include "core/report.hpp"

namespace lastgood {

enum class Health { fine, warning, critical, unknown };
Health health_of(Severity severity);
Health worse(Health a, Health b);            // critical, then warning, then unknown, then fine
std::string_view state_word(Health health);  // "fine", "warning", "CRITICAL", "unknown"

// Why a subject is not fine.
struct Reason {
    Health health = Health::unknown;
    std::string text;  // begins with a small letter, ends without a full stop
    const Finding* finding =
        nullptr;  // of this subject or of a related one; nullptr: no rule says it
    const Subject* related = nullptr;  // the subject that the reason comes from; nullptr: its own
    bool must_stay = false;  // nothing is wrong with the drive, but something else needs it now
    bool problem = false;    // a collector could not read it: one of Report::problems
};

struct Judgement {
    Health health = Health::fine;
    std::vector<Reason> reasons;  // worst first; empty if fine
};

// Findings about the subject that somebody accepted: it may be fine in spite of them.
size_t accepted_findings(const Subject& subject);

// The finding that speaks of the problem: of what could not be read, or else of the collector that
// could not read it. nullptr: none.
const Finding* finding_of(const Problem& problem, const Facts& facts);

// What is known about a drive, apart from findings.
enum class DriveState { fine, failed, gone, not_answering, no_health_data, asleep, not_read };
DriveState drive_state(const Subject& drive, Timestamp now);

// A drive that is awake and whose health was read longer ago than this is not fine.
inline constexpr Seconds drive_read_limit = 2 * 86400;

// What is known about the newest copy of a backup.
enum class CopyState {
    fresh,
    stale,
    from_future,  // by more than clock_skew
    never,
    gone,  // copies were there at an earlier look
    unreadable,
    unproven,  // something changed, which no finished backup explains
    incomplete,
    too_small,
    unknown_size,  // it has a smallest size
    no_limit,      // nothing says how old it may be
    unknown
};
CopyState copy_state(const Subject& backup, Timestamp now);
// A copy may be later than now by this much: the clocks of two hosts differ.
inline constexpr Seconds clock_skew = 3600;
// The newest copy must not be older than this: by max_age, by the schedule, or by both. nullopt:
// nothing says how old it may be.
std::optional<Timestamp> oldest_allowed_copy(const Subject& backup, Timestamp now);
// The newest copy that proves a backup (confidence exact or inferred); one that proves nothing only
// if there is no other. nullptr: none is known.
const Observation* newest_copy(const Subject& backup);

// What is said where no other fine copy of a backup's data is known, on the host and in alerts.
inline constexpr std::string_view no_other_copy = "No other fine copy of it is known.";

// A container of external metadata (IMSM, DDF), which mdstat always calls inactive: its arrays do
// the work.
bool is_container(const Subject& array);

// What the subject's state says against it and no finding tells: "its newest copy is 9 days old".
std::vector<std::string> doubts_of(const Subject& subject, Timestamp now);

// Until when somebody says that a filesystem or data, which no backup here has, is backed up out of
// this host's sight. nullopt: nobody says so now.
std::optional<Timestamp> elsewhere_until(const Subject& subject, Timestamp now);

// Whether a backup has what is on a filesystem, or a piece of data.
struct Cover {
    // For a table: "yes", "partly (/etc)", "no", "elsewhere (until 2027-03-01)" (by somebody's
    // word), "no*" (needs none, by the administrator's word), "stale (9 d)", "never made",
    // "unreadable", "unproven", "incomplete", "too small", "in doubt", "unclear"; "" if nothing
    // says whether it needs a backup. "yes" and "partly" only if every copy that counts is fresh
    // and nothing speaks against it.
    std::string word;
    Health health = Health::fine;     // of the backup that decides
    const Subject* backup = nullptr;  // the one that decides; nullptr: none, or not known which
};

// Keeps pointers into the report and the facts, which must outlive it.
class Judge {
  public:
    Judge(const Report& report, const Facts& facts, Timestamp now);

    Judgement of(const Subject& subject) const;
    // What is known of the subject itself, whatever depends on it or it depends on.
    Judgement own(const Subject& subject) const;
    // Of a filesystem, or of data.
    Cover cover_of(const Subject& subject) const;
    // The problems that speak of the subject, and those of a collector that it could not read: in
    // the report's order.
    std::vector<const Problem*> problems_of(const Subject& subject) const;
    const Report& report() const { return report_; }
    const Facts& facts() const { return facts_; }
    const Relations& relations() const { return relations_; }
    Timestamp now() const { return now_; }

  private:
    using Reasons = std::vector<Reason>;
    struct BestBackup {
        const Subject* backup = nullptr;  // nullptr: there is none
        Judgement judgement;
        bool differ = false;  // they are not all in the same state
    };
    Cover cover_by_parts(const Subject& subject, const Metric& covering) const;
    BestBackup best_of(const std::vector<const Subject*>& backups) const;
    Reasons own_reasons(const Subject& subject) const;
    void add_related_to_drive(const Subject& drive, Reasons& reasons) const;
    void add_reasons_to_stay(const Subject& drive, Reasons& reasons) const;
    void add_related_to_array(const Subject& array, Reasons& reasons) const;
    // Of a copy of another backup, or of a stream of that; nullptr: it is none, or nothing is known
    // of the original.
    const Subject* original_of(const Subject& backup) const;
    void add_original(const Subject& backup, Reasons& reasons) const;
    void add_whole(const Subject& stream, Reasons& reasons) const;
    void add_streams(const Subject& backup, Reasons& reasons) const;
    void add_related_to_filesystem(const Subject& filesystem, Reasons& reasons) const;
    void add_related_to_data(const Subject& data, Reasons& reasons) const;
    void add_cover(const Subject& subject, Reasons& reasons) const;

    const Report& report_;
    const Facts& facts_;
    Relations relations_;
    Timestamp now_;
    // By collector and by subject: indices of Report::problems.
    std::map<std::string_view, std::vector<size_t>> problems_by_collector_, problems_by_subject_;
    BestBackup best_backup_;  // of all
};

}  // namespace lastgood
