#include "agent/runtime_directory.hpp"

#include "core/files.hpp"

namespace lastgood {

Result<void> RuntimeDirectory::take(const Config& config) {
    const auto directory = make_own_directory(config.runtime_directory, 0755);
    if (!directory) return Failure(directory.error());
    auto lock = AgentLock::take(directory->get(), config.runtime_directory);
    if (!lock) return Failure(lock.error());
    lock_ = std::move(*lock);
    return {};
}

bool RuntimeDirectory::is_still_there() const {
    return lock_.is_still_there();
}

}  // namespace lastgood
