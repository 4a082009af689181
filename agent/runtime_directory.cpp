#include "agent/runtime_directory.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>

#include "core/files.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

// For a user who may not write there: a command line with directories of their own.
constexpr const char* own_directories =
    "; run this as root, or with directories of your own: D=$HOME/lastgood; mkdir -p $D && printf "
    "'state_directory = \"%s/state\"\\nruntime_directory = \"%s/run\"\\ninbox_directory = "
    "\"\"\\n' $D $D > $D/lastgood.toml && lastgood run --config $D/lastgood.toml";

bool may_write(const std::string& directory) {
    if (::access(directory.c_str(), F_OK) == 0) return ::access(directory.c_str(), W_OK) == 0;
    return directory.size() <= 1 || may_write(std::string(parent_directory(directory)));
}

}  // namespace

Result<void> RuntimeDirectory::take(const Config& config) {
    const auto directory = make_own_directory(config.runtime_directory, 0755);
    if (!directory || !may_write(config.runtime_directory)) {
        const std::string why = directory
                                    ? fmt::format("cannot write to {}: {}",
                                                  config.runtime_directory.value, errno_text(errno))
                                    : directory.error().message;
        return fail(ErrorKind::denied,
                    why + (may_write(config.runtime_directory) ? "" : own_directories));
    }
    auto lock = AgentLock::take(directory->get(), config.runtime_directory);
    if (!lock) return Failure(lock.error());
    lock_ = std::move(*lock);
    return {};
}

bool RuntimeDirectory::is_still_there() const {
    return lock_.is_still_there();
}

}  // namespace lastgood
