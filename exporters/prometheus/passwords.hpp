// The password file of the listener: lines "user:hash" as `htpasswd -B` and Prometheus' web.yml
// have them, and HTTP's basic authentication (RFC 7617).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace lastgood {

struct Credentials {
    std::string user, password;
};

// Of the value of a header Authorization; nullopt if it is of another kind or malformed. Pure.
std::optional<Credentials> parse_basic_authorization(std::string_view header);

// A keyed hash (SipHash-2-4 with two keys) of a text, to recognise the text without keeping it.
// `key` must be random and secret. Pure. Source: Aumasson, Bernstein: SipHash, 2012.
using TextMark = std::array<uint64_t, 2>;
using MarkKey = std::array<uint64_t, 4>;
TextMark mark_of(std::string_view text, const MarkKey& key);
MarkKey random_key();

// Users with the hashes of their passwords. Copies are independent; const functions are
// thread-safe.
class Passwords {
  public:
    // Reads the text of a password file. Empty lines and lines that begin with # are skipped.
    // Blocks for the load of libcrypt. Errors: malformed, with `name`, the line and what to write:
    // a line without a user or a hash, a name that no client can send, a user twice, a hash that
    // why_no_hash() refuses, no user at all, more than most_users; absent, if libcrypt is missing.
    static Result<Passwords> parse(std::string_view text, const std::string& name);

    // Whether this is a user and its password. Takes as long as the hash was made to take, 0.1 s
    // for instance, also for an unknown user.
    bool check(const Credentials& given) const;

    bool operator==(const Passwords& other) const { return hashes_ == other.hashes_; }

    static constexpr size_t most_users = 1000;

  private:
    std::string add(std::string_view line);

    std::map<std::string, std::string, std::less<>> hashes_;  // by user
    MarkKey key_{};                                           // random
};

}  // namespace lastgood
