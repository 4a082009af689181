#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "collectors/backups/parse/dump_name.hpp"
#include "core/utf8.hpp"

// The input is a file name. Its glob must match it and be UTF-8.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size < 255 ? size : 255);
    lastgood::is_dump_name(text);
    const auto dated = lastgood::split_dated_name(text);
    if (!dated) return 0;
    if (text.find('/') != std::string_view::npos || text.starts_with('.')) return 0;
    const std::string glob = lastgood::dated_glob("/a[\\\xff", *dated);
    if (!lastgood::is_utf8(glob)) std::abort();
    if (!lastgood::matches_path(glob, "/a[\\\xff/" + std::string(text))) std::abort();
    return 0;
}
