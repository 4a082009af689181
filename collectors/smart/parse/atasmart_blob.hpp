// Parses what libatasmart (and `skdump --save`) stores of a drive: chunks of a four-byte tag, a
// big-endian length and data. IDFY is the answer to IDENTIFY DEVICE (ACS-3, 7.12.7), SMST the
// overall verdict, SMDT the answer to SMART READ DATA and SMTH to SMART READ THRESHOLDS (ATA-3).
// All functions are pure.
#pragma once

#include <string_view>

#include "collectors/smart/parse/health.hpp"
#include "core/result.hpp"

namespace lastgood {

// Looks at the first chunk's tag and length only.
bool looks_like_atasmart_blob(std::string_view bytes);

// Error: malformed, if it is not such a file or truncated.
Result<DriveHealth> parse_atasmart_blob(std::string_view bytes);

// SMART READ LOG, page 6 (512 bytes): up to 21 self-tests, newest first. Error: malformed, if the
// length or the checksum is wrong.
Result<std::vector<SelfTest>> parse_ata_self_test_log(std::string_view page);

// SMART READ LOG, page 1 (512 bytes): the number of errors that the drive has logged in its life.
// Error: malformed, if the length or the checksum is wrong.
Result<double> parse_ata_error_log(std::string_view page);

}  // namespace lastgood
