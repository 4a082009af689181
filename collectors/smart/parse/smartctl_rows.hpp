// Parses rows of the tables in smartctl's text output. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/smart/parse/health.hpp"

namespace lastgood {

// A number with any locale's group separators ("2.000.398.934.016", "500\xa0107 862"), up to the
// first other character; absent if there is no digit.
std::optional<double> grouped_number(std::string_view text);

// "  5 Reallocated_Sector_Ct   0x0033   100   100   024    Pre-fail  Always       -       0"; also
// in the formats of -f brief and -f hex.
struct AttributeRow {
    // `incomplete`: the row may be wrapped and continue in the next line.
    enum class State { none, incomplete, complete };
    State state = State::none;
    AtaAttribute attribute;
};
AttributeRow parse_attribute_row(std::string_view line);

// ATA and SCSI: "# 1  Short offline       Completed without error       00%      4763         -"
struct SelfTestRow {
    int index = 0;         // 1: the newest
    bool counted = false;  // false: an off-line data collection or a vendor-specific routine
    SelfTest test;
};
std::optional<SelfTestRow> parse_self_test_row(std::string_view line);

// NVMe: " 0   Short             Completed without error                 12            -     -   -"
std::optional<SelfTestRow> parse_nvme_self_test_row(std::string_view line);

// "Error: UNC 8 sectors at LBA = …": whether it says that a sector could not be read or found. A
// bit of the error register alone does not: it means something else for other commands.
bool is_medium_error(std::string_view description);

// "Error 42 [1] occurred at disk power-on lifetime: 34999 hours (…)": the hours.
std::optional<double> parse_error_heading(std::string_view line);

// A row of a SAS drive's background scan results, of a sector that was not repaired since:
// "1 39990:11  0000000012345678  [3,11,0]   Require Write or Reassign Blocks command": the sector.
std::optional<std::string_view> parse_unrepaired_sector(std::string_view line);

}  // namespace lastgood
