// Giving up every right before listening to the network.
#pragma once

#include <string>

#include "core/result.hpp"

namespace lastgood {

// Becomes `user` when run as root, and in any case gives up all capabilities (the bounding set too
// where that is allowed), the way back to any of them (no_new_privs), and being read by other
// processes of the same user. Then checks that it is so. For a process with one thread only:
// capabilities belong to threads. Errors: the user does not exist or is root, the kernel refuses,
// or something is left.
Result<void> give_up_privileges(const std::string& user);

// Whether the calling thread is what give_up_privileges() promises; the error says what it still
// has.
Result<void> check_no_privileges();

}  // namespace lastgood
