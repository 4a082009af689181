#include "exporters/prometheus/certificate.hpp"

#include <fmt/core.h>

#include <array>
#include <cstdint>

#include "core/base64.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

// Tags of DER.
constexpr uint8_t integer = 0x02, sequence = 0x30, version = 0xa0;
constexpr uint8_t utc_time = 0x17, generalized_time = 0x18;

uint8_t byte(char c) {
    return static_cast<uint8_t>(c);
}

// The content of the element that `der` begins with, which it removes; nullopt: it has another tag
// or is cut off.
std::optional<std::string_view> take(std::string_view& der, uint8_t tag) {
    if (der.size() < 2 || byte(der[0]) != tag) return std::nullopt;
    size_t length = byte(der[1]), head = 2;
    if (length >= 0x80) {
        const size_t count = length - 0x80;
        if (count == 0 || count > 3 || der.size() < head + count) return std::nullopt;
        length = 0;
        for (; head < 2 + count; ++head) length = length << 8 | byte(der[head]);
    }
    if (der.size() - head < length) return std::nullopt;
    const std::string_view content = der.substr(head, length);
    der.remove_prefix(head + length);
    return content;
}

// "YYYYMMDDHHMMSSZ"
std::optional<Timestamp> parse_time(std::string_view text) {
    if (text.size() != 15 || text[14] != 'Z') return std::nullopt;
    std::array<int, 6> parts{};  // from year to second
    for (size_t i = 0, at = 0; i < parts.size(); ++i) {
        const size_t digits = i == 0 ? 4 : 2;
        const std::string_view part = text.substr(at, digits);
        const auto number = parse_number<int>(part);
        if (!number || !consists_of(part, "0123456789")) return std::nullopt;
        parts[i] = *number;
        at += digits;
    }
    const CivilTime time{parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]};
    if (!time.has_valid_date() || !time.has_valid_time()) return std::nullopt;
    return from_civil_utc(time);
}

std::optional<Timestamp> take_time(std::string_view& der) {
    if (const auto text = take(der, generalized_time)) return parse_time(*text);
    const auto text = take(der, utc_time);
    if (!text || text->empty()) return std::nullopt;
    // "YYMMDDHHMMSSZ", of the years 1950 to 2049.
    return parse_time((text->front() < '5' ? "20" : "19") + std::string(*text));
}

std::optional<Timestamp> end_of_der(std::string_view der) {
    auto certificate = take(der, sequence);
    if (!certificate) return std::nullopt;
    auto body = take(*certificate, sequence);
    if (!body) return std::nullopt;
    take(*body, version);  // optional
    // The serial number, the signature's kind, the issuer.
    for (const uint8_t tag : {integer, sequence, sequence})
        if (!take(*body, tag)) return std::nullopt;
    auto validity = take(*body, sequence);
    if (!validity || !take_time(*validity)) return std::nullopt;
    return take_time(*validity);
}

}  // namespace

std::optional<Timestamp> end_of_certificate(std::string_view pem) {
    constexpr std::string_view begin = "-----BEGIN CERTIFICATE-----", end = "-----END ";
    const size_t start = pem.find(begin);
    if (start == pem.npos) return std::nullopt;
    const std::string_view rest = pem.substr(start + begin.size());
    std::string packed;
    for (const char c : rest.substr(0, rest.find(end)))
        if (c != '\n' && c != '\r' && c != ' ' && c != '\t') packed += c;
    const auto der = decode_base64(packed);
    return der ? end_of_der(*der) : std::nullopt;
}

std::string why_renew_certificate(std::string_view pem, Timestamp now) {
    const auto end = end_of_certificate(pem);
    if (!end || *end - now > certificate_ends_soon) return "";
    if (*end < now)
        return fmt::format("the certificate has been invalid since {}: clients refuse it; renew it",
                           format_time(*end));
    return fmt::format("the certificate ends at {}, in {}; renew it", format_time(*end),
                       format_duration(*end - now));
}

}  // namespace lastgood
