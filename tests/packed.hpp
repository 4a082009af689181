// Packs texts in the formats that lastgood unpacks.
#pragma once

#include <bzlib.h>
#include <doctest/doctest.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <string>

namespace lastgood::test {

inline std::string gzipped(const std::string& text) {
    z_stream stream{};
    REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string out(text.size() + 1000, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

inline std::string bzipped(const std::string& text) {
    std::string out(text.size() + 10000, '\0');
    auto size = static_cast<unsigned>(out.size());
    REQUIRE(BZ2_bzBuffToBuffCompress(out.data(), &size, const_cast<char*>(text.data()),
                                     static_cast<unsigned>(text.size()), 1, 0, 0) == BZ_OK);
    out.resize(size);
    return out;
}

inline std::string xzipped(const std::string& text) {
    std::string out(text.size() + 10000, '\0');
    size_t size = 0;
    REQUIRE(lzma_easy_buffer_encode(
                0, LZMA_CHECK_CRC64, nullptr, reinterpret_cast<const uint8_t*>(text.data()),
                text.size(), reinterpret_cast<uint8_t*>(out.data()), &size, out.size()) == LZMA_OK);
    out.resize(size);
    return out;
}

inline std::string zstandard(const std::string& text, bool checksum = true) {
    ZSTD_CCtx* const context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, checksum ? 1 : 0);
    std::string out(ZSTD_compressBound(text.size()), '\0');
    const size_t size = ZSTD_compress2(context, out.data(), out.size(), text.data(), text.size());
    ZSTD_freeCCtx(context);
    REQUIRE(ZSTD_isError(size) == 0);
    out.resize(size);
    return out;
}

// A file of `zstd --long=31`: one raw block (RFC 8878) whose header asks for a window of 2 GiB.
inline std::string zstandard_with_large_window(const std::string& text) {
    REQUIRE(text.size() < 128 * 1024);
    std::string out("\x28\xB5\x2F\xFD\x00\xA8", 6);
    const size_t header = text.size() << 3 | 1;
    for (int shift = 0; shift < 24; shift += 8) out += static_cast<char>(header >> shift & 0xFF);
    return out + text;
}

// A file of `xz --lzma2=dict=512MiB`: the header of its block asks for that much.
inline std::string xzipped_with_large_dictionary(const std::string& text) {
    lzma_stream stream = LZMA_STREAM_INIT;
    REQUIRE(lzma_easy_encoder(&stream, 0, LZMA_CHECK_CRC32) == LZMA_OK);
    std::string out(text.size() + 10000, '\0');
    stream.next_in = reinterpret_cast<const uint8_t*>(text.data());
    stream.avail_in = text.size();
    stream.next_out = reinterpret_cast<uint8_t*>(out.data());
    stream.avail_out = out.size();
    REQUIRE(lzma_code(&stream, LZMA_FINISH) == LZMA_STREAM_END);
    out.resize(stream.total_out);
    lzma_end(&stream);
    char* const block = out.data() + 12;  // size, flags, LZMA2, 1, the dictionary, padding, CRC32
    REQUIRE((block[0] == 2 && block[2] == 0x21));
    block[4] = 34;
    const uint32_t sum = lzma_crc32(reinterpret_cast<const uint8_t*>(block), 8, 0);
    for (int i = 0; i < 4; ++i) block[8 + i] = static_cast<char>(sum >> 8 * i & 0xFF);
    return out;
}

struct PackedFormat {
    std::string name;
    std::string (*pack)(const std::string&);
};

inline const PackedFormat formats[] = {
    {"gzip", gzipped},
    {"bzip2", bzipped},
    {"xz", xzipped},
    {"zstd", [](const std::string& text) { return zstandard(text); }},
};

}  // namespace lastgood::test
