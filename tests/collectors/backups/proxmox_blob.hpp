// Makes a blob as Proxmox Backup Server stores it.
#pragma once

#include <doctest/doctest.h>
#include <zlib.h>
#include <zstd.h>

#include <string>

namespace lastgood::test {

inline std::string proxmox_blob(const std::string& content, bool packed) {
    std::string data = content;
    if (packed) {
        data.resize(ZSTD_compressBound(content.size()));
        const size_t size =
            ZSTD_compress(data.data(), data.size(), content.data(), content.size(), 1);
        REQUIRE_FALSE(ZSTD_isError(size));
        data.resize(size);
    }
    const auto checksum =
        crc32(0, reinterpret_cast<const Bytef*>(data.data()), static_cast<uInt>(data.size()));
    std::string blob = packed ? std::string("\x31\xb9\x58\x42\x6f\xb6\xa3\x7f", 8)
                              : std::string("\x42\xab\x38\x07\xbe\x83\x70\xa1", 8);
    for (int i = 0; i < 4; ++i) blob += static_cast<char>(checksum >> 8 * i & 0xff);
    return blob + data;
}

}  // namespace lastgood::test
