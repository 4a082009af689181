// Rows of the tables in smartctl's text output.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/smart/health.hpp"

namespace lastgood {

std::string_view trim(std::string_view text);
std::vector<std::string_view> split_words(std::string_view text);  // at white space

// A whole number with any locale's separators between its groups ("2.000.398.934.016", "500\xa0107
// 862"), up to the first character that belongs to neither; absent when there is none.
std::optional<double> grouped_number(std::string_view text);

// "  5 Reallocated_Sector_Ct   0x0033   100   100   024    Pre-fail  Always       -       0", in
// the old, the brief and the hex format.
struct AttributeRow {
    enum class State {
        not_one,
        incomplete,
        complete
    };  // incomplete: a mail program may have wrapped it
    State state = State::not_one;
    AtaAttribute attribute;
};
AttributeRow parse_attribute_row(std::string_view line);

// "# 1  Short offline       Completed without error       00%      4763         -" of ATA and SCSI
// drives.
struct SelfTestRow {
    int index = 0;         // 1: the newest
    bool counted = false;  // false: an off-line collection or a vendor's own routine
    SelfTest test;
};
std::optional<SelfTestRow> parse_self_test_row(std::string_view line);

// " 0   Short             Completed without error                 12            -     -   -   - -"
// of NVMe drives.
std::optional<SelfTestRow> parse_nvme_self_test_row(std::string_view line);

}  // namespace lastgood
