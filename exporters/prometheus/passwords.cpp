#include "exporters/prometheus/passwords.hpp"

#include <fmt/core.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <iterator>

#include "core/base64.hpp"
#include "core/text.hpp"
#include "exporters/prometheus/crypt_hash.hpp"

namespace lastgood {

namespace {

// Takes equally long wherever they differ.
bool equal(std::string_view a, std::string_view b) {
    unsigned char differ = a.size() == b.size() ? 0 : 1;
    for (size_t i = 0; i < std::min(a.size(), b.size()); ++i)
        differ = static_cast<unsigned char>(differ | (a[i] ^ b[i]));
    return differ == 0;
}

uint64_t sip_hash(std::string_view text, uint64_t key0, uint64_t key1) {
    uint64_t a = key0 ^ 0x736f6d6570736575, b = key1 ^ 0x646f72616e646f6d;
    uint64_t c = key0 ^ 0x6c7967656e657261, d = key1 ^ 0x7465646279746573;
    const auto rounds = [&](int count) {
        for (; count > 0; --count) {
            a += b, b = std::rotl(b, 13) ^ a, a = std::rotl(a, 32);
            c += d, d = std::rotl(d, 16) ^ c;
            a += d, d = std::rotl(d, 21) ^ a;
            c += b, b = std::rotl(b, 17) ^ c, c = std::rotl(c, 32);
        }
    };
    const auto add = [&](uint64_t word) {
        d ^= word;
        rounds(2);
        a ^= word;
    };
    const uint64_t size = text.size();
    for (; text.size() >= 8; text.remove_prefix(8)) {
        uint64_t word = 0;
        std::memcpy(&word, text.data(), 8);  // as this machine orders bytes: the hash stays here
        add(word);
    }
    uint64_t last = 0;
    std::memcpy(&last, text.data(), text.size());
    add(last | size << 56);
    c ^= 0xff;
    rounds(4);
    return a ^ b ^ c ^ d;
}

}  // namespace

MarkKey random_key() {
    MarkKey key{};
    // 32 bytes come whole, and after boot without waiting (getrandom(2)).
    [[maybe_unused]] const auto filled = ::getrandom(key.data(), sizeof key, 0);
    return key;
}

TextMark mark_of(std::string_view text, const MarkKey& key) {
    return {sip_hash(text, key[0], key[1]), sip_hash(text, key[2], key[3])};
}

std::optional<Credentials> parse_basic_authorization(std::string_view header) {
    const size_t blank = header.find(' ');
    if (blank == header.npos) return std::nullopt;
    std::string scheme(header.substr(0, blank));
    std::ranges::transform(scheme, scheme.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    });
    if (scheme != "basic") return std::nullopt;
    const auto text = decode_base64(trim(header.substr(blank)));
    // A NUL would end the password early.
    if (!text || text->find('\0') != text->npos) return std::nullopt;
    const size_t colon = text->find(':');
    if (colon == text->npos) return std::nullopt;
    return Credentials{text->substr(0, colon), text->substr(colon + 1)};
}

Result<Passwords> Passwords::parse(std::string_view text, const std::string& name) {
    if (!can_crypt())
        return fail(ErrorKind::absent, "cannot load libcrypt.so.1; install the package libcrypt1");
    Passwords result;
    result.key_ = random_key();
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";  // editors of Windows write it
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    size_t number = 0;
    while (!text.empty()) {
        ++number;
        const std::string_view line = trim(take_line(text));
        if (line.empty() || line.starts_with('#')) continue;
        if (const std::string why = result.add(line); !why.empty())
            return fail(ErrorKind::malformed, fmt::format("{}:{}: {}", name, number, why));
    }
    if (result.hashes_.empty())
        return fail(
            ErrorKind::malformed,
            fmt::format("{}: there is no user in it; add one with `htpasswd -nB USER`", name));
    return result;
}

// Returns why it cannot be added; "" if it is.
std::string Passwords::add(std::string_view line) {
    const size_t colon = line.find(':');
    if (colon == line.npos || colon == 0) return "write USER:HASH in each line";
    const std::string user(trim(line.substr(0, colon)));
    const std::string hash(trim(line.substr(colon + 1)));
    if (std::ranges::any_of(user, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }))
        return "the user's name has a control character, which no client can send";
    if (std::string why = why_no_hash(hash); !why.empty()) return why;
    if (hashes_.size() == most_users)
        return fmt::format("there are more than {} users", most_users);
    if (!hashes_.emplace(user, hash).second)
        return fmt::format("the user \"{}\" is there twice", user);
    return "";
}

bool Passwords::check(const Credentials& given) const {
    const auto found = hashes_.find(given.user);
    const bool known = found != hashes_.end();
    // The same work for an unknown user, with a hash that nobody can foretell and that stays the
    // same: the time must not tell who is known, also if the hashes differ in their costs.
    const auto other = static_cast<std::ptrdiff_t>(mark_of(given.user, key_)[0] % hashes_.size());
    const std::string& hash = known ? found->second : std::next(hashes_.begin(), other)->second;
    return equal(crypt_hash(given.password, hash), hash) && known;
}

}  // namespace lastgood
