#include "exporters/prometheus/passwords.hpp"

#include <crypt.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <memory>

#include "core/text.hpp"

namespace lastgood {

namespace {

using CryptFunction = decltype(&::crypt_r);

// Only the listener needs it, and only with a password file; linked, each process would load it.
CryptFunction crypt_function() {
    static const CryptFunction function = [] {
        void* const library = ::dlopen("libcrypt.so.1", RTLD_NOW | RTLD_LOCAL);
        return library == nullptr ? nullptr
                                  : reinterpret_cast<CryptFunction>(::dlsym(library, "crypt_r"));
    }();
    return function;
}

// The hash of a password with the salt and cost of `setting`, which may be a hash; empty on
// failure.
std::string hash_of(const std::string& password, const std::string& setting) {
    const auto data = std::make_unique<crypt_data>();
    const char* const hash = crypt_function()(password.c_str(), setting.c_str(), data.get());
    return hash != nullptr && hash[0] != '*' ? hash : "";
}

// Takes equally long wherever they differ.
bool equal(std::string_view a, std::string_view b) {
    unsigned char differ = a.size() == b.size() ? 0 : 1;
    for (size_t i = 0; i < std::min(a.size(), b.size()); ++i)
        differ = static_cast<unsigned char>(differ | (a[i] ^ b[i]));
    return differ == 0;
}

// "": it can be checked.
std::string why_no_hash(const std::string& hash) {
    constexpr std::array known{"$2a$", "$2b$", "$2y$", "$y$", "$gy$", "$7$", "$6$", "$5$"};
    if (std::ranges::none_of(known, [&](const char* start) { return hash.starts_with(start); }))
        return "this is no hash of bcrypt, yescrypt, scrypt, SHA-512 or SHA-256; make the line "
               "with "
               "`htpasswd -nB USER`";
    if (hash_of("", hash).size() != hash.size())
        return "this hash is incomplete or unknown here; make the line with `htpasswd -nB USER`";
    return "";
}

int value_of_base64(char c) {
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const size_t at = alphabet.find(c);
    return at == alphabet.npos ? -1 : static_cast<int>(at);
}

std::optional<std::string> decode_base64(std::string_view text) {
    while (text.ends_with('=')) text.remove_suffix(1);
    std::string result;
    unsigned bits = 0, count = 0;
    for (const char c : text) {
        const int value = value_of_base64(c);
        if (value < 0) return std::nullopt;
        bits = (bits << 6 | static_cast<unsigned>(value)) & 0xffff;
        count += 6;
        if (count >= 8) {
            count -= 8;
            result += static_cast<char>(bits >> count & 0xff);
        }
    }
    return result;
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
    if (crypt_function() == nullptr)
        return fail(ErrorKind::absent, "cannot load libcrypt.so.1; install the package libcrypt1");
    Passwords result;
    size_t number = 0;
    while (!text.empty()) {
        ++number;
        const std::string_view line = trim(take_line(text));
        if (line.empty() || line.starts_with('#')) continue;
        const auto refused = [&](std::string_view why) {
            return fail(ErrorKind::malformed, fmt::format("{}:{}: {}", name, number, why));
        };
        const size_t colon = line.find(':');
        if (colon == line.npos || colon == 0) return refused("write USER:HASH in each line");
        const std::string user(trim(line.substr(0, colon)));
        const std::string hash(trim(line.substr(colon + 1)));
        if (const std::string why = why_no_hash(hash); !why.empty()) return refused(why);
        if (!result.hashes_.emplace(user, hash).second)
            return refused(fmt::format("the user \"{}\" is there twice", user));
    }
    if (result.hashes_.empty())
        return fail(
            ErrorKind::malformed,
            fmt::format("{}: there is no user in it; add one with `htpasswd -nB USER`", name));
    return result;
}

bool Passwords::check(const Credentials& given) const {
    const auto found = hashes_.find(given.user);
    const bool known = found != hashes_.end();
    // The same work for an unknown user: the time must not tell who is known.
    const std::string& hash = known ? found->second : hashes_.begin()->second;
    return equal(hash_of(given.password, hash), hash) && known;
}

}  // namespace lastgood
