// Where the programs that lastgood starts are found.
#pragma once

#include <string_view>

namespace lastgood {

// PATH of every program, and where programs named without '/' are looked for. That of this process
// counts for nothing: it may be empty or hold a directory of another user.
inline constexpr std::string_view program_path =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

}  // namespace lastgood
