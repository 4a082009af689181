#include "exporters/prometheus/crypt_hash.hpp"

#include <crypt.h>
#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "core/bytes.hpp"
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

// Some seconds on a slow processor. A scrape gives up after 10 s.
constexpr unsigned most_bcrypt_cost = 15, most_sha_rounds = 5'000'000;
constexpr uint64_t most_memory = 64 * mib;

// Of crypt(5)'s alphabet; 64 for anything else.
unsigned value_of(char c) {
    constexpr std::string_view alphabet =
        "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    return static_cast<unsigned>(std::min(alphabet.find(c), alphabet.size()));
}

// A hash, taken apart: the method with its dollar signs, the cost, and the rest.
struct Parts {
    std::string_view method, cost, rest;
};

// The same with the least cost, which is quick to try; nullopt: it costs too much, or this is no
// cost that crypt_gensalt(3) writes.
using Cheaper = std::optional<std::string> (*)(const Parts& hash);

std::string with_cost(const Parts& hash, std::string_view cost) {
    return std::string(hash.method) + std::string(cost) + std::string(hash.rest);
}

// "$2b$12$": two to the power of 12 rounds.
std::optional<std::string> cheaper_bcrypt(const Parts& hash) {
    const auto cost = parse_number<unsigned>(hash.cost);
    if (hash.cost.size() != 2 || !cost || *cost > most_bcrypt_cost) return std::nullopt;
    return with_cost(hash, "04");
}

// "$6$rounds=100000$", or "$6$" for 5000 rounds: there the cost is the salt.
std::optional<std::string> cheaper_sha(const Parts& hash) {
    constexpr std::string_view start = "rounds=";
    if (!hash.cost.starts_with(start)) return with_cost(hash, hash.cost);
    const auto rounds = parse_number<unsigned>(hash.cost.substr(start.size()));
    if (!rounds || *rounds > most_sha_rounds) return std::nullopt;
    return with_cost(hash, "rounds=1000");
}

// "$y$j9T$": flags, the binary logarithm of N, and r, the last two less 1. It takes 128 N r bytes.
std::optional<std::string> cheaper_yescrypt(const Parts& hash) {
    if (hash.cost.size() != 3 || hash.cost[0] != 'j') return std::nullopt;
    const unsigned log_n = value_of(hash.cost[1]) + 1, r = value_of(hash.cost[2]) + 1;
    if (log_n > 32 || r > 48 || (uint64_t{128} * r << log_n) > most_memory) return std::nullopt;
    return with_cost(hash, "j75");
}

// "$7$CU..../....SALT$": the binary logarithm of N, r = 32 and p = 1. It takes 128 N r bytes.
std::optional<std::string> cheaper_scrypt(const Parts& hash) {
    constexpr std::string_view r_and_p = "U..../....";
    if (hash.cost.size() < 1 + r_and_p.size() || hash.cost.substr(1, r_and_p.size()) != r_and_p)
        return std::nullopt;
    const unsigned log_n = value_of(hash.cost[0]);
    if (log_n > 32 || (uint64_t{128} * 32 << log_n) > most_memory) return std::nullopt;
    return with_cost(hash, "6" + std::string(hash.cost.substr(1)));
}

struct Method {
    std::string_view start;
    Cheaper cheaper;
};

constexpr std::array methods{
    Method{"$2a$", cheaper_bcrypt},   Method{"$2b$", cheaper_bcrypt},
    Method{"$2y$", cheaper_bcrypt},   Method{"$y$", cheaper_yescrypt},
    Method{"$gy$", cheaper_yescrypt}, Method{"$7$", cheaper_scrypt},
    Method{"$6$", cheaper_sha},       Method{"$5$", cheaper_sha},
};

}  // namespace

bool can_crypt() {
    return crypt_function() != nullptr;
}

std::string crypt_hash(const std::string& password, const std::string& setting) {
    const auto data = std::make_unique<crypt_data>();
    const char* const hash = crypt_function()(password.c_str(), setting.c_str(), data.get());
    return hash != nullptr && hash[0] != '*' ? hash : "";
}

std::string why_no_hash(const std::string& hash) {
    const auto method = std::ranges::find_if(
        methods, [&](const Method& one) { return hash.starts_with(one.start); });
    if (method == methods.end())
        return "this is no hash of bcrypt, yescrypt, scrypt, SHA-512 or SHA-256; make the line "
               "with `htpasswd -nB USER`";
    constexpr const char* incomplete =
        "this hash is incomplete or unknown here; make the line with `htpasswd -nB USER`";
    const std::string_view rest = std::string_view(hash).substr(method->start.size());
    const size_t end = rest.find('$');
    if (end == rest.npos) return incomplete;
    const auto cheap = method->cheaper({method->start, rest.substr(0, end), rest.substr(end)});
    if (!cheap)
        return "this hash takes too much time or memory to check a password, or its cost is "
               "unusual; make the line with `htpasswd -nB USER`";
    return crypt_hash("", *cheap).size() == cheap->size() ? "" : incomplete;
}

}  // namespace lastgood
