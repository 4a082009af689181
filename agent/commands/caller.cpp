#include "agent/commands/caller.hpp"

#include <fmt/core.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

#include "core/utf8.hpp"

namespace lastgood {

std::string caller() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no second thread runs.
    if (const char* user = std::getenv("SUDO_USER"); user && *user) return harmless(user);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no second thread runs.
    const passwd* entry = ::getpwuid(::getuid());
    return entry ? harmless(entry->pw_name) : fmt::format("uid {}", ::getuid());
}

}  // namespace lastgood
