#include "exporters/prometheus/protection.hpp"

#include <fmt/core.h>

#include "exporters/prometheus/microhttpd.hpp"

namespace lastgood {

namespace {

// libmicrohttpd gives no reason when it refuses a certificate or key: find the usual ones here.
std::string why_no_pem(std::string_view text, std::string_view what) {
    if (text.find(what) == text.npos || text.find("-----BEGIN ") == text.npos)
        return fmt::format("this is no PEM file with a {}", what);
    if (text.find("ENCRYPTED") != text.npos)
        return "the key is encrypted; decrypt it with `openssl pkey -in OLD -out NEW`";
    return "";
}

Result<std::string> read_pem(const Host& host, const std::string& path, std::string_view what) {
    auto text = host.read(path);
    if (!text) return text;
    if (const std::string why = why_no_pem(*text, what); !why.empty())
        return fail(ErrorKind::malformed, fmt::format("{}: {}", path, why));
    return text;
}

// Says which setting names what cannot be read.
Failure of_setting(const Error& error, std::string_view key) {
    if (error.kind == ErrorKind::malformed) return Failure(error);
    return fail(error.kind, fmt::format("cannot read [serve] {}: {}", key, error.message));
}

}  // namespace

Result<std::string> read_certificate(const Host& host, const std::string& path) {
    return read_pem(host, path, "CERTIFICATE");
}

Result<std::string> read_key(const Host& host, const std::string& path) {
    return read_pem(host, path, "PRIVATE KEY");
}

Result<Passwords> read_passwords(const Host& host, const std::string& path) {
    const auto text = host.read(path);
    if (!text) return Failure(text.error());
    return Passwords::parse(*text, path);
}

Result<void> check_pair(const std::string& certificate, const std::string& key) {
    const auto loaded = load_microhttpd();
    if (!loaded) return Failure(loaded.error());
    const auto answer = [](void*, MHD_Connection*, const char*, const char*, const char*,
                           const char*, size_t*, void**) { return MHD_NO; };
    MHD_Daemon* const daemon =
        (*loaded)->start_daemon(MHD_USE_NO_LISTEN_SOCKET | MHD_USE_TLS, 0, nullptr, nullptr, answer,
                                nullptr, MHD_OPTION_HTTPS_MEM_CERT, certificate.c_str(),
                                MHD_OPTION_HTTPS_MEM_KEY, key.c_str(), MHD_OPTION_END);
    if (daemon == nullptr) return fail(ErrorKind::malformed, refused_pair);
    (*loaded)->stop_daemon(daemon);
    return {};
}

Result<Protection> read_protection(const Config& config, const Protection& known) {
    const Host host;
    const std::string& certificate = config.tls_certificate;
    const std::string& key = config.tls_key;
    Protection result;
    if (!certificate.empty() || !key.empty()) {
        auto pem = read_certificate(host, certificate);
        if (!pem) return of_setting(pem.error(), "tls_certificate");
        auto key_pem = read_key(host, key);
        if (!key_pem) return of_setting(key_pem.error(), "tls_key");
        result.certificate = std::move(*pem);
        result.key = std::move(*key_pem);
    }
    if (const std::string& path = config.password_file; !path.empty()) {
        auto text = host.read(path);
        if (!text) return of_setting(text.error(), "password_file");
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
