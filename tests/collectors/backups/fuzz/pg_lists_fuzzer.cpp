#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "collectors/backups/parse/pg_lists.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view file(reinterpret_cast<const char*>(data), size);
    const lastgood::ReadAt read_at = [&](uint64_t offset, size_t length) {
        if (offset >= file.size()) return std::string();
        return std::string(file.substr(offset, length));
    };
    for (const std::string& name : lastgood::read_pg_contents(size, read_at).files)
        if (name.empty() || name.find('/') != std::string::npos) std::abort();
    lastgood::read_pg_manifest(size, read_at, [](const lastgood::PgListedFile& listed) {
        if (listed.path.starts_with('/') || listed.path.starts_with("../") || listed.size < 0)
            std::abort();
        return true;
    });
    return 0;
}
