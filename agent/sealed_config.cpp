#include "agent/sealed_config.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>

#include <cerrno>

#include "agent/config_file.hpp"
#include "core/files.hpp"

namespace lastgood {

Result<Descriptor> seal_config(const Config& config) {
    const auto failed = [] {
        return fail(ErrorKind::failed,
                    fmt::format("cannot keep the configuration in memory: {}", errno_text(errno)));
    };
    const Descriptor file(::memfd_create("lastgood.toml", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (file.get() < 0) return failed();
    constexpr int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    if (!write_all(file.get(), to_toml(config)) || ::fcntl(file.get(), F_ADD_SEALS, seals) != 0)
        return failed();
    Descriptor reader(
        ::open(fmt::format("/proc/self/fd/{}", file.get()).c_str(), O_RDONLY | O_CLOEXEC));
    if (reader.get() < 0) return failed();
    return reader;
}

}  // namespace lastgood
