// Files and directories that lastgood itself writes. Others may be able to write beside them, so
// no link, pipe or file that they plant is followed, opened or written. All functions block as long
// as the filesystem does.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "core/descriptor.hpp"
#include "core/result.hpp"

namespace lastgood {

// What an errno of a file, a directory or a device means for its reader.
ErrorKind errno_kind(int error);

// Writes all of it, also if signals interrupt. False: errno says why not.
bool write_all(int fd, std::string_view text);

// Replaces the file atomically: writes PATH.RANDOM.tmp beside it, a new file that nobody could have
// made before, and renames that; removes the ones that killed writers left. The file gets `mode`,
// whatever the umask. What had the name, also a link or a pipe, is replaced, not opened.
// Error: failed.
// Synced::yes calls fsync(2) before the rename: a power cut leaves the old text or the new one. The
// directory is not synced, so it may be the old one. Synced::no is for files that are written again
// within seconds: after a power cut they may be empty.
enum class Synced { no, yes };
Result<void> write_file(const std::string& path, std::string_view text, Synced synced,
                        mode_t mode = 0644);

// 16 hexadecimal digits that nobody can guess (getrandom(2)).
std::string unguessable();

bool is_own_or_root(uid_t user);  // this process's own user, or root

// Whether this process trusts what the user owns: its own user and root. In a user namespace root
// of the host, like each user without a number in it, is the overflow user (user_namespaces(7)).
bool is_trusted_owner(uid_t owner);

// Opens a directory that only this user and root can change. Refused, with the command that mends
// it: a symbolic link, another user's directory, one that others can write to, and one that others
// can replace because they can write to a directory above it. An empty one of this user is made
// safe instead. Errors: absent, denied (also what is refused), failed.
Result<Descriptor> open_own_directory(const std::string& path);

// Makes it if it is missing, with this mode whatever the umask; those above it with 0755.
Result<Descriptor> make_own_directory(const std::string& path, mode_t mode);

}  // namespace lastgood
