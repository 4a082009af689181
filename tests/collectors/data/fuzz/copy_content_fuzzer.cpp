// What a copy of a database is, by its name and its first bytes.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "collectors/data/parse/copy_content.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)lastgood::content_by_name(text);
    (void)lastgood::content_by_head(text);
    (void)lastgood::content_by_names({std::string(text)});
    return 0;
}
