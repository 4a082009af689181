// Hashes of passwords as crypt(5) has them: bcrypt, yescrypt, scrypt, SHA-512 and SHA-256. libcrypt
// is loaded when it is first needed. Thread-safe.
#pragma once

#include <string>

namespace lastgood {

// Whether libcrypt is there. Blocks for its load.
bool can_crypt();

// The hash of a password with the method, salt and cost of `setting`, which may be a hash; empty if
// crypt_r(3) refuses. Needs can_crypt(). Takes the time and memory that the cost stands for.
std::string crypt_hash(const std::string& password, const std::string& setting);

// Why no password is to be held against `hash`: it is of another method, cut off, or takes more
// than some seconds or 64 MiB at each check. "": it is good. Needs can_crypt(). Takes milliseconds,
// whatever the cost of the hash.
std::string why_no_hash(const std::string& hash);

}  // namespace lastgood
