// Recognises messages of no known form that look like trouble with storage. Pure.
#pragma once

#include <string_view>

namespace lastgood {

// True if the message begins with a storage word (a drive, a controller's driver, a filesystem) and
// holds an error word, apart from harmless forms that drivers print at every start. For messages
// that parse_kernel_message does not know. A few nanoseconds for messages that are not about
// storage.
bool looks_like_trouble(std::string_view message);

// The same for a line without a known prefix: also behind words and stamps that may be the prefix
// of an unknown kind of log ("host | [1.0] EXT4-fs (sda1): …").
bool line_looks_like_trouble(std::string_view line);

}  // namespace lastgood
