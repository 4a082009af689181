// The judgement of one subject: the status screen, its tables and `status SUBJECT` speak from it.
// Fine must be proven: a subject is fine only if it was looked at, nothing was found about it, and
// nothing that it depends on or that depends on it says otherwise. Pure.
#pragma once

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
    bool problem = false;              // a collector could not read it: one of Report::problems
};

struct Judgement {
    Health health = Health::fine;
    std::vector<Reason> reasons;  // worst first; empty if fine
};

// What is known about a drive, apart from findings.
enum class DriveState { fine, failed, gone, not_answering, no_health_data, asleep, not_read };
DriveState drive_state(const Subject& drive, Timestamp now);

// A drive that is awake and whose health was read longer ago than this is not fine.
inline constexpr Seconds drive_read_limit = 2 * 86400;

// What is known about the newest copy of a backup.
enum class CopyState { fresh, stale, never, unreadable, unproven, incomplete, too_small, unknown };
CopyState copy_state(const Subject& backup, Timestamp now);
// The newest copy that proves a backup; one of file activity, which proves nothing, only if there
// is no other. nullptr: none is known.
const Observation* newest_copy(const Subject& backup);

// Whether a backup has what is on a filesystem.
struct Cover {
    // For a table: "yes", "none", "no*" (by the administrator's word), "stale 9 d", "never made",
    // "unreadable", "unproven", "incomplete", "too small", "in doubt", "unclear"; "" if nothing
    // says whether it needs a backup.
    std::string word;
    Health health = Health::fine;     // of the best of its backups
    const Subject* backup = nullptr;  // the best of its backups; nullptr: none, or not known which
};

// Keeps pointers into the report and the facts, which must outlive it.
class Judge {
  public:
    Judge(const Report& report, const Facts& facts, Timestamp now);

    Judgement of(const Subject& subject) const;
    Cover cover_of(const Subject& filesystem) const;
    const Facts& facts() const { return facts_; }
    const Relations& relations() const { return relations_; }
    Timestamp now() const { return now_; }

  private:
    void judge_drive(const Subject& drive, std::vector<Reason>& reasons) const;
    void judge_array(const Subject& array, std::vector<Reason>& reasons) const;
    void judge_filesystem(const Subject& filesystem, std::vector<Reason>& reasons) const;
    void judge_backup(const Subject& backup, std::vector<Reason>& reasons) const;
    void judge_collector(const Subject& collector, std::vector<Reason>& reasons) const;

    const Report& report_;
    const Facts& facts_;
    Relations relations_;
    Timestamp now_;
};

}  // namespace lastgood
