// What libatasmart (and `skdump --save`) keeps of a drive: chunks of a four-byte tag, a big-endian
// length and the data. IDFY is the answer to IDENTIFY DEVICE, SMST the overall verdict, SMDT the
// SMART data and SMTH the thresholds, each as the drive gave it (ATA/ATAPI Command Set 3: 7.12.7;
// SMART READ DATA and READ THRESHOLDS in ATA-3).
#pragma once

#include <string_view>

#include "collectors/smart/health.hpp"
#include "core/result.hpp"

namespace lastgood {

bool looks_like_atasmart_blob(std::string_view bytes);

// Malformed: not such a file, or one that is cut off.
Result<DriveHealth> parse_atasmart_blob(std::string_view bytes);

// SMART READ LOG, page 6 (512 bytes): up to 21 self-tests, the newest first. Malformed: wrong
// length or checksum.
Result<std::vector<SelfTest>> parse_ata_self_test_log(std::string_view page);

// SMART READ LOG, page 1 (512 bytes): errors that the drive has logged in its life.
Result<double> parse_ata_error_log(std::string_view page);

}  // namespace lastgood
