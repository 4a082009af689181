// A report that a test of the judgement writes line by line.
#pragma once

#include <doctest/doctest.h>

#include "core/judgement.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/drives.hpp"

namespace lastgood::test {

inline constexpr Timestamp now = 1'800'000'000;

struct MadeReport : Report {
    MadeReport() { written_at = now; }
    MadeReport& add(const Metric& metric, const char* subject, double value, Labels labels = {}) {
        observations.push_back({&metric, subject, std::move(labels), value, now});
        return *this;
    }
    MadeReport& drive(const char* name) {
        return add(metric::drive_info, name, 1, {{"device", name}})
            .add(metric::drive_read_timestamp_seconds, name, now - 60);
    }
    MadeReport& find(const char* rule, Severity severity, SubjectKind kind, const char* subject) {
        findings.push_back({rule, severity, kind, subject, "Something is wrong.", {}, now - 60});
        return *this;
    }
    MadeReport& accept() {
        findings.back().accepted = Acceptance{};
        return *this;
    }
    Judgement of(SubjectKind kind, const char* subject) const {
        const Facts facts(*this);
        const Subject* found = facts.find(kind, subject);
        REQUIRE(found != nullptr);
        // The reasons point into the facts: only the texts live on.
        Judgement judgement = Judge(*this, facts, now).of(*found);
        for (Reason& reason : judgement.reasons) reason.related = nullptr;
        return judgement;
    }
};

// "b", of which a copy was finished a minute ago.
inline MadeReport fresh_backup() {
    return MadeReport()
        .add(metric::backup_readable, "b", 1)
        .add(metric::backup_max_age_seconds, "b", 86400)
        .add(metric::backup_newest_timestamp_seconds, "b", now - 60, {{"confidence", "exact"}});
}

}  // namespace lastgood::test
