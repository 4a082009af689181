// Backups whose copies are copies of another backup's: how far they are behind it.
#pragma once

#include <string_view>

#include "collectors/collector.hpp"

namespace lastgood {

// The backup that the subject is, or is a stream of.
inline std::string_view whole_of(std::string_view subject) {
    return subject.substr(0, subject.find('/'));
}

// For each backup, and each of its streams, whose backup_copy_of names another one:
//   - its newest content, if only the time is known at which it arrived: no newer than the
//     original's;
//   - its lag, by the proven times of both;
//   - whether it is old only because its original is;
//   - how many streams of the original it lacks.
// Nothing of what is not known. Pure.
void derive_hops(const Knowledge& knowledge, Sink& sink);

}  // namespace lastgood
