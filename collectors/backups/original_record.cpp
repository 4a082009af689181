#include "collectors/backups/original_record.hpp"

#include <cmath>

namespace lastgood {

namespace {

constexpr Seconds written_at_once = 1;  // between the last write and what changes its mode
constexpr Seconds clocks_apart = 600;   // of the host that tells the end, and of this one

}  // namespace

bool is_original(const Host& host, const FileStatus& record, Timestamp ended) {
    return host.recorded() || (std::abs(record.changed - record.modified) < written_at_once &&
                               std::abs(record.modified - ended) < clocks_apart);
}

}  // namespace lastgood
