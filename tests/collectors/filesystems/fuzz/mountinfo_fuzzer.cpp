#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/backup_need.hpp"
#include "core/mounts.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto mounts = lastgood::parse_mountinfo({reinterpret_cast<const char*>(data), size});
    for (const lastgood::Mount* mount : lastgood::select_mounts(mounts, "\text4\nnodev\ttmpfs\n")) {
        (void)lastgood::read_only_intended(*mount, {});
        (void)lastgood::is_boot_filesystem(*mount);
    }
    return 0;
}
