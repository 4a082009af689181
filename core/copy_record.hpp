// Somebody's word that the copies of a backup were verified or restored, kept as evidence.
#pragma once

#include <string>

#include "core/time.hpp"

namespace lastgood {

inline constexpr std::string_view record_verified = "verified", record_restored = "restored";

struct CopyRecord {
    std::string what;    // one of the words above
    std::string backup;  // name
    Timestamp at = 0;
    std::string by;    // user name
    std::string note;  // one line, at most record_note_limit bytes; may be empty
    bool operator==(const CopyRecord&) const = default;
};

inline constexpr size_t record_note_limit = 200;

}  // namespace lastgood
