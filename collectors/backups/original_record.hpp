// Whether a tool's record proves the copy that it is of, or only came with a copy of that copy.
#pragma once

#include "core/host.hpp"

namespace lastgood {

// Whether the tool itself wrote the record here, when it was done with all the rest: since then
// nobody has written or changed it, nor copied it with its time, and it is not much younger than
// the end that it tells. `ended`: that end. Of a recorded host: always.
bool is_original(const Host& host, const FileStatus& record, Timestamp ended);

}  // namespace lastgood
