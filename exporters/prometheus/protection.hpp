// What protects the listener: a certificate and passwords.
#pragma once

#include <optional>
#include <string>

#include "core/config.hpp"
#include "core/host.hpp"
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

// The same for one file. They block for disk accesses. Errors: malformed, with the path, why it is
// not what it should be and what to do; those of Host::read() with the host's words.
Result<std::string> read_certificate(const Host& host, const std::string& path);
Result<std::string> read_key(const Host& host, const std::string& path);
Result<Passwords> read_passwords(const Host& host, const std::string& path);

// Whether TLS takes these two PEM texts. Loads libmicrohttpd; opens no port. Errors: malformed;
// absent, if the library is missing.
Result<void> check_pair(const std::string& certificate, const std::string& key);

// What to say when TLS refuses a certificate and its key.
inline constexpr const char* refused_pair =
    "TLS refuses [serve] tls_certificate and tls_key: one of them is damaged, or they do not "
    "belong together";

}  // namespace lastgood
