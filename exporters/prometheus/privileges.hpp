// Drops all privileges of the process before it listens on the network.
#pragma once

#include <string>

#include "core/result.hpp"

namespace lastgood {

// Root of a user namespace that has no other user, as after `unshare -r`, stays that. It is not
// root of the host, but owns what the agent in the namespace owns.
enum class KeptUser { none, root_of_namespace };

// Switches to `user` if the process runs as root and that user exists in this user namespace
// (user_namespaces(7)). In any case drops all capabilities (also the
// bounding set, where the kernel allows it), sets no_new_privs so that none can be regained, and
// makes the process undumpable so that other processes of the same user cannot read its memory.
// Then runs check_no_privileges(). Call it while the process has one thread: capabilities belong to
// threads. Sources: capabilities(7), prctl(2).
// Errors: absent, if there is no such user; denied, if the user is root or a privilege is left;
// failed, if a system call fails, with what to do. Returns what could not be dropped, and what to
// do about it; usually "".
Result<std::string> give_up_privileges(const std::string& user);

// Checks that the calling thread is not root (or that it `kept` only root of a namespace), not in
// group root, holds no capabilities, has no_new_privs, is undumpable and cannot become root again.
// Groups are not looked at where the namespace forbids to change them.
// Errors: denied, with the privilege that is left; failed, if a system call fails.
Result<void> check_no_privileges(KeptUser kept = KeptUser::none);

}  // namespace lastgood
