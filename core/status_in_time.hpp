// Looks at a path whose filesystem may not answer.
#pragma once

#include <string>

#include "core/host.hpp"

namespace lastgood {

// Host::status() by a thread of its own, which is left behind when it gets no answer within
// `longest` seconds: timed_out. Such a path is asked for its answer at the next call, at once; no
// other thread is sent meanwhile. Not thread-safe. A recorded host answers at once.
Result<FileStatus> status_in_time(const Host& host, const std::string& path, Seconds longest = 5);

}  // namespace lastgood
