// Reports of many hosts for properties that every screen must have.
#pragma once

#include <string>
#include <vector>

#include "core/report.hpp"

namespace lastgood::test {

struct NamedReport {
    std::string name;
    Report report;
    Timestamp now = 0;
};

// Of each recorded host (tests/hosts): its observations and what the rules find in them. Of each
// also variants with health data of its drives, and with a backup of each filesystem that is fresh,
// late, unreadable, never made, unproven, or in no state at all; one where a filesystem does not
// answer; and one whose names are very long.
std::vector<NamedReport> recorded_reports();

}  // namespace lastgood::test
