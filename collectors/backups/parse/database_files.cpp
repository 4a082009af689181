#include "collectors/backups/parse/database_files.hpp"

#include <cstdint>

#include "core/text.hpp"

namespace lastgood {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view chunk_mark = "XBSTCK01";

uint64_t big_endian(std::string_view bytes, size_t at, size_t count) {
    uint64_t value = 0;
    for (size_t i = 0; i < count; ++i)
        value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
}

CompletenessVerdict judge_sqlite(std::optional<uint64_t> size, std::string_view head) {
    const CompletenessVerdict unknown{Completeness::unknown, "sqlite",
                                      "its pages are there; whether they fit is not known"};
    if (head.size() < 100 || !size) return unknown;
    // The count is right if the writer that left it was the last one.
    if (big_endian(head, 24, 4) != big_endian(head, 92, 4)) return unknown;
    const uint64_t given = big_endian(head, 16, 2);
    const uint64_t page = given == 1 ? 65536 : given;
    if (*size < page * big_endian(head, 28, 4))
        return {Completeness::incomplete, "sqlite",
                "the file has fewer pages than its header says: it is truncated"};
    return unknown;
}

CompletenessVerdict judge_redis(std::string_view tail) {
    constexpr size_t checksum = 8;
    if (tail.size() > checksum && tail[tail.size() - checksum - 1] == '\xFF')
        return {Completeness::complete, "redis", ""};
    if (tail.ends_with("\r\n")) return {Completeness::unknown, "redis", "commands follow the dump"};
    return {Completeness::incomplete, "redis", "the dump of Redis does not end: it is truncated"};
}

// A chunk: its mark, flags, type, the length of a path in 4 bytes and the path; then data, unless
// its type is E.
CompletenessVerdict judge_xbstream(std::string_view tail) {
    constexpr size_t before_path = 14;
    const size_t at = tail.rfind(chunk_mark);
    if (at != std::string_view::npos && tail.size() - at > before_path && tail[at + 9] == 'E') {
        uint64_t length = 0;
        for (size_t i = 4; i > 0; --i)
            length = length << 8 | static_cast<unsigned char>(tail[at + 9 + i]);
        if (tail.size() - at == before_path + length)
            return {Completeness::complete, "xbstream", ""};
    }
    return {Completeness::incomplete, "xbstream",
            "the stream does not end with the end of a file: it is truncated"};
}

}  // namespace

std::optional<CompletenessVerdict> judge_database_file(std::optional<uint64_t> size,
                                                       std::string_view head,
                                                       std::string_view tail) {
    if (head.starts_with("SQLite format 3\0"sv)) return judge_sqlite(size, head);
    if (head.size() > 9 && head.starts_with("REDIS") &&
        consists_of(head.substr(5, 4), decimal_digits))
        return judge_redis(tail);
    if (head.starts_with(chunk_mark)) return judge_xbstream(tail);
    if (head.starts_with("\x6D\xE2\x99\x81")) {
        if (tail.ends_with("\xFF\xFF\xFF\xFF")) return {{Completeness::complete, "mongodump", ""}};
        return {{Completeness::incomplete, "mongodump",
                 "the archive of mongodump does not end with its terminator: it is truncated"}};
    }
    return std::nullopt;
}

}  // namespace lastgood
