#include "exporters/prometheus/certificate.hpp"

#include <doctest/doctest.h>

using namespace lastgood;

namespace {

// By `openssl req -x509 -days 30`; the second with -days 40000, which needs a GeneralizedTime.
const std::string short_lived = R"(-----BEGIN CERTIFICATE-----
MIIBbTCCAROgAwIBAgIUAXaE1NpQoMIcjQc4KOTm8evsvJkwCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBeDAeFw0yNjExMjYwOTI4MTBaFw0yNjEyMjYwOTI4MTBaMAwx
CjAIBgNVBAMMAXgwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQEQtDvgsHY9MjF
EvyjO6y4SRv0sC58n2UJ+Y3hoqMu0VR/UHYcSiCAzNW2GfF0+imnEt0g2OoJM5k5
j759xz4Ro1MwUTAdBgNVHQ4EFgQUdWFp6AqxKnZB+VsHN7lLItHMKW4wHwYDVR0j
BBgwFoAUdWFp6AqxKnZB+VsHN7lLItHMKW4wDwYDVR0TAQH/BAUwAwEB/zAKBggq
hkjOPQQDAgNIADBFAiBVUzfuIexsxLMPeqA/3CdSUdhxI+psLVrH2Kevf7+OIAIh
AObFEFae1lV9i9eoaRvavjKC8SdzLdJnh+aD6UHhHsRY
-----END CERTIFICATE-----
)";
const std::string long_lived = R"(-----BEGIN CERTIFICATE-----
MIIBcDCCARWgAwIBAgIUXYULUw3srG64YhG0TZVEelMK1JQwCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBeDAgFw0yNjExMjYwOTI4MTBaGA8yMTM2MDYwMjA5MjgxMFow
DDEKMAgGA1UEAwwBeDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABMQ+MIQxc/Lo
bO+qQRWI93nF7sgQONaD1pKCdd6zs2eAnDekmFRlIsV9VNKxu54eKfDbiTkk6VTq
6oOdwWB4bJOjUzBRMB0GA1UdDgQWBBThWW8vrxh+S5SoGjEyCpNpuYVGWzAfBgNV
HSMEGDAWgBThWW8vrxh+S5SoGjEyCpNpuYVGWzAPBgNVHRMBAf8EBTADAQH/MAoG
CCqGSM49BAMCA0kAMEYCIQCr6oDDAAQEgjADOt+IlfNmkAWAtA5dJm2sbM5I0rhk
lQIhAMip7duQj/oLrf22PdVa8tVMSslhq4hIuIMg0gZMXfZv
-----END CERTIFICATE-----
)";
const Timestamp short_end = from_civil_utc(2026, 12, 26, 9, 28, 10);

}  // namespace

TEST_CASE("the end of a certificate is that of the first one in the file") {
    CHECK(end_of_certificate(short_lived) == short_end);
    CHECK(end_of_certificate(long_lived) == from_civil_utc(2136, 6, 2, 9, 28, 10));
    CHECK(end_of_certificate("a remark\r\n" + short_lived + long_lived) == short_end);
    std::string windows;
    for (const char c : short_lived) windows += c == '\n' ? "\r\n" : std::string(1, c);
    CHECK(end_of_certificate(windows) == short_end);
}

TEST_CASE("a certificate that is cut off or changed has its end or none") {
    for (const char* text : {"", "-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\n!\n",
                             "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"})
        CHECK(!end_of_certificate(text));
    for (size_t size = 0; size < short_lived.size(); ++size) {
        const auto end = end_of_certificate(short_lived.substr(0, size));
        CHECK((!end || *end == short_end));
    }
    // Each byte of the lengths and tags before the end.
    for (size_t at = short_lived.find('\n') + 1; at < 160; ++at)
        for (const char c : {'A', 'f', '/', 'M'}) {
            std::string changed = short_lived;
            changed[at] = c;
            (void)end_of_certificate(changed);
        }
}

TEST_CASE("a certificate is told 14 days before its end, and after it") {
    CHECK(why_renew_certificate(short_lived, short_end - 15 * 86400) == "");
    CHECK(why_renew_certificate(short_lived, short_end - 3 * 86400) ==
          "the certificate ends at 2026-12-26 09:28:10 UTC, in 3 days; renew it");
    CHECK(why_renew_certificate(short_lived, short_end + 1) ==
          "the certificate has been invalid since 2026-12-26 09:28:10 UTC: clients refuse it; "
          "renew it");
    CHECK(why_renew_certificate("", short_end) == "");
}
