// What protects the listener: a certificate and passwords.
#pragma once

#include <optional>
#include <string>

#include "core/config.hpp"
#include "core/result.hpp"
#include "exporters/prometheus/passwords.hpp"

namespace lastgood {

struct Protection {
    std::string certificate, key;  // PEM; both empty: no TLS
    std::optional<Passwords> passwords;
    std::string password_text;  // what they were parsed from

    bool operator==(const Protection&) const = default;
};

// Reads the files of [serve] tls_certificate, tls_key and password_file that are set. Blocks for
// disk accesses. Errors: malformed, if only one of certificate and key is set, or if a file is not
// what it should be; absent or denied, if a file cannot be read. The message says which one.
// `known`: what was read before; passwords of the same text are not parsed once more.
Result<Protection> read_protection(const Config& config, const Protection& known = {});

}  // namespace lastgood
