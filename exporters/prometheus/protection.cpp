#include "exporters/prometheus/protection.hpp"

#include <fmt/format.h>

#include "core/host.hpp"

namespace lastgood {

namespace {

Result<std::string> read_as(const std::string& path, std::string_view key) {
    auto text = Host().read(path);
    if (!text)
        return fail(text.error().kind,
                    fmt::format("cannot read [serve] {}: {}", key, text.error().message));
    return text;
}

// libmicrohttpd gives no reason when it refuses a certificate or key: find the usual ones here.
std::string why_no_pem(std::string_view text, std::string_view what) {
    if (text.find(what) == text.npos || text.find("-----BEGIN ") == text.npos)
        return fmt::format("this is no PEM file with a {}", what);
    if (text.find("ENCRYPTED") != text.npos)
        return "the key is encrypted; decrypt it with `openssl pkey -in OLD -out NEW`";
    return "";
}

}  // namespace

Result<Protection> read_protection(const Config& config, const Protection& known) {
    const std::string& certificate = config.tls_certificate;
    const std::string& key = config.tls_key;
    Protection result;
    if (certificate.empty() != key.empty())
        return fail(ErrorKind::malformed,
                    fmt::format("[serve] {} is set and {} is not: TLS needs both",
                                certificate.empty() ? "tls_key" : "tls_certificate",
                                certificate.empty() ? "tls_certificate" : "tls_key"));
    const auto read_pem = [](const std::string& path, std::string_view setting,
                             std::string_view what) -> Result<std::string> {
        auto text = read_as(path, setting);
        if (!text) return text;
        if (const std::string why = why_no_pem(*text, what); !why.empty())
            return fail(ErrorKind::malformed, fmt::format("{}: {}", path, why));
        return text;
    };
    if (!certificate.empty()) {
        auto pem = read_pem(certificate, "tls_certificate", "CERTIFICATE");
        if (!pem) return Failure(pem.error());
        auto key_pem = read_pem(key, "tls_key", "PRIVATE KEY");
        if (!key_pem) return Failure(key_pem.error());
        result.certificate = std::move(*pem);
        result.key = std::move(*key_pem);
    }
    if (const std::string& path = config.password_file; !path.empty()) {
        auto text = read_as(path, "password_file");
        if (!text) return Failure(text.error());
        result.passwords = known.passwords;
        if (!known.passwords || *text != known.password_text) {
            auto passwords = Passwords::parse(*text, path);
            if (!passwords) return Failure(passwords.error());
            result.passwords = std::move(*passwords);
        }
        result.password_text = std::move(*text);
    }
    return result;
}

}  // namespace lastgood
