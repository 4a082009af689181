#include "exporters/prometheus/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <limits>

namespace lastgood {

std::string gzip(std::string_view text) {
    constexpr int window = 15, with_gzip_header = 16, memory = 8;
    z_stream stream{};
    // Level 6 makes a tenth of a report; higher levels take twice the time for a few bytes.
    if (::deflateInit2(&stream, 6, Z_DEFLATED, window + with_gzip_header, memory,
                       Z_DEFAULT_STRATEGY) != Z_OK)
        return {};
    std::string packed;
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    int result = Z_OK;
    for (size_t left = text.size(); result == Z_OK;) {
        if (stream.avail_in == 0) {
            stream.avail_in =
                static_cast<uInt>(std::min<size_t>(left, std::numeric_limits<uInt>::max()));
            left -= stream.avail_in;
        }
        char piece[16384];
        stream.next_out = reinterpret_cast<Bytef*>(piece);
        stream.avail_out = sizeof piece;
        result = ::deflate(&stream, left == 0 ? Z_FINISH : Z_NO_FLUSH);
        packed.append(piece, sizeof piece - stream.avail_out);
    }
    ::deflateEnd(&stream);
    if (result != Z_STREAM_END) return {};
    packed.shrink_to_fit();
    return packed;
}

}  // namespace lastgood
