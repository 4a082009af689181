#include "collectors/backups/parse/completeness.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "collectors/backups/parse/content_scan.hpp"
#include "collectors/backups/parse/database_files.hpp"
#include "collectors/backups/parse/framed.hpp"
#include "core/bytes.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t head_length = 2048;
constexpr size_t tail_length = 4096;

uint64_t little_endian(std::string_view bytes, size_t at, size_t count) {
    uint64_t value = 0;
    for (size_t i = 0; i < count && at + i < bytes.size(); ++i)
        value |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
    return value;
}

uint32_t checksum(std::string_view bytes) {
    return static_cast<uint32_t>(
        crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

using namespace std::string_view_literals;

CompletenessVerdict complete(std::string_view format) {
    return {Completeness::complete, format, ""};
}
CompletenessVerdict incomplete(std::string_view format, std::string_view reason) {
    return {Completeness::incomplete, format, reason};
}
CompletenessVerdict unknown(std::string_view format, std::string_view reason) {
    return {Completeness::unknown, format, reason};
}

CompletenessVerdict judge_gzip(uint64_t size, std::string_view tail) {
    if (size < 20) return incomplete("gzip", "the file is too short to be a gzip file");
    // Deflate compresses to 1/1032 at best (RFC 1951).
    const uint64_t unpacked = little_endian(tail, tail.size() - 4, 4);
    if (size < 4'000'000) {  // for larger files every 32-bit size is possible
        if (unpacked > size * 1032)
            return incomplete("gzip",
                              "the size in the trailer is impossible: the file is truncated");
        // There is no lower limit: with several members the trailer describes only the last one.
    }
    return unknown("gzip", "the trailer alone does not prove that the file is whole");
}

CompletenessVerdict judge_zstd(uint64_t size, const ReadAt& read_at) {
    constexpr size_t most_reads = 4 * mib;
    uint64_t at = 0;
    size_t reads = 0;
    const auto truncated = incomplete("zstd", "the file ends within a zstd frame: it is truncated");
    while (at < size) {
        if (++reads > most_reads) return unknown("zstd", "too many blocks to check");
        const std::string header = read_at(at, 18);
        if (header.size() < 5) return truncated;
        const uint64_t magic = little_endian(header, 0, 4);
        if (magic >= 0x184D2A50 && magic <= 0x184D2A5F) {  // skippable frame
            if (header.size() < 8) return truncated;
            at += 8 + little_endian(header, 4, 4);
            continue;
        }
        if (magic != 0xFD2FB528) return incomplete("zstd", "other data follows a zstd frame");
        const auto descriptor = static_cast<unsigned char>(header[4]);
        const unsigned size_flag = descriptor >> 6;
        const bool single_segment = (descriptor & 0x20) != 0;
        const bool has_checksum = (descriptor & 0x04) != 0;
        const unsigned dictionary_flag = descriptor & 3;
        const unsigned dictionary = dictionary_flag == 3 ? 4 : dictionary_flag;
        const unsigned content_size =
            size_flag == 0 ? (single_segment ? 1U : 0U) : (1U << size_flag);
        at += 5 + (single_segment ? 0U : 1U) + dictionary + content_size;
        for (bool last = false; !last;) {
            if (++reads > most_reads) return unknown("zstd", "too many blocks to check");
            const std::string block = read_at(at, 3);
            if (block.size() < 3) return truncated;
            const uint64_t word = little_endian(block, 0, 3);
            last = (word & 1) != 0;
            const uint64_t type = (word >> 1) & 3;
            if (type == 3) return incomplete("zstd", "a block of the zstd frame is malformed");
            at += 3 + (type == 1 ? 1 : word >> 3);
        }
        if (has_checksum) at += 4;
    }
    return at == size ? complete("zstd") : truncated;
}

// Reads a number of 7 bits per byte; false if it ends early or is too long.
bool read_multibyte(std::string_view bytes, size_t& at, uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
        if (at >= bytes.size()) return false;
        const auto byte = static_cast<unsigned char>(bytes[at++]);
        value |= static_cast<uint64_t>(byte & 0x7F) << shift;
        if ((byte & 0x80) == 0) return true;
    }
    return false;
}

constexpr std::string_view no_footer = "the file does not end with an xz footer: it is truncated";

// Where the last xz stream ends: before groups of four zeros, with which tapes and disks pad files.
// nullopt: behind more zeros than are searched.
std::optional<uint64_t> end_before_padding(uint64_t size, const ReadAt& read_at) {
    constexpr uint64_t most_padding = 16 * mib, piece = 64 * kib;
    for (uint64_t end = size; size - end <= most_padding;) {
        const uint64_t length = std::min(end / 4 * 4, piece);
        const std::string bytes = read_at(end - length, length);
        const size_t last = bytes.find_last_not_of('\0');
        if (bytes.size() != length || length == 0) return end;
        if (last != std::string::npos) return end - (length - 1 - last) / 4 * 4;
        end -= length;
    }
    return std::nullopt;
}

// `end`: where its footer ends.
CompletenessVerdict judge_xz_stream(uint64_t size, uint64_t end, const ReadAt& read_at) {
    const std::string footer = read_at(end - 12, 12);
    if (footer.size() != 12 || footer.substr(10) != "YZ" ||
        checksum(std::string_view(footer).substr(4, 6)) != little_endian(footer, 0, 4))
        return incomplete("xz", no_footer);
    const uint64_t index_size = (little_endian(footer, 4, 4) + 1) * 4;
    if (index_size + 24 > end) return incomplete("xz", "the xz index is larger than the file");
    if (index_size > 16 * mib) return unknown("xz", "its index is too large to check");
    const std::string index = read_at(end - 12 - index_size, index_size);
    if (index.size() != index_size || index[0] != '\0' ||
        checksum(std::string_view(index).substr(0, index.size() - 4)) !=
            little_endian(index, index.size() - 4, 4))
        return incomplete("xz", "the xz index is damaged");
    size_t at = 1;
    uint64_t records = 0;
    if (!read_multibyte(index, at, records)) return incomplete("xz", "the xz index is damaged");
    uint64_t blocks = 0;
    for (uint64_t i = 0; i < records; ++i) {
        uint64_t unpadded = 0;
        uint64_t uncompressed = 0;
        if (!read_multibyte(index, at, unpadded) || !read_multibyte(index, at, uncompressed))
            return incomplete("xz", "the xz index is damaged");
        if (unpadded > size) return incomplete("xz", "the xz index is larger than the file");
        blocks += (unpadded + 3) & ~uint64_t{3};
        if (blocks > size) return incomplete("xz", "part of the xz file is missing");
    }
    if (blocks + index_size + 24 > end) return incomplete("xz", "part of the xz file is missing");
    if (read_at(end - 24 - index_size - blocks, 6) !=
        "\xFD"
        "7zXZ\0"sv)
        return incomplete("xz", "the xz index does not lead to the beginning of the stream");
    return complete("xz");
}

CompletenessVerdict judge_xz(uint64_t size, const ReadAt& read_at) {
    const auto truncated = incomplete("xz", no_footer);
    if (size < 32) return truncated;
    const auto end = end_before_padding(size, read_at);
    if (!end) return unknown("xz", "too many zeros at its end to look behind them");
    return *end < 32 ? truncated : judge_xz_stream(size, *end, read_at);
}

CompletenessVerdict judge_bzip2(std::string_view tail) {
    // 48 bits of mark and 32 bits of checksum, then zeros up to the end of the byte.
    constexpr uint64_t mark = 0x177245385090;
    for (unsigned padding = 0; padding < 8 && tail.size() >= 11; ++padding) {
        uint64_t window = 0;  // 48 bits that end 32 + padding bits before the end of the file
        const size_t bits = tail.size() * 8;
        const size_t first = bits - padding - 80;
        for (size_t bit = first; bit < first + 48; ++bit)
            window =
                (window << 1) | ((static_cast<unsigned char>(tail[bit / 8]) >> (7 - bit % 8)) & 1U);
        if (window == mark) return complete("bzip2");
    }
    if (tail.size() >= 10 && tail.substr(tail.size() - 10, 6) == "\x17\x72\x45\x38\x50\x90"sv)
        return complete("bzip2");
    return incomplete("bzip2", "the file does not end with bzip2's mark: it is truncated");
}

// `at`: where the end of central directory record begins in the tail.
bool is_zip_of_nothing(std::string_view tail, size_t at) {
    const uint64_t entries = little_endian(tail, at + 10, 2);
    const uint64_t length = little_endian(tail, at + 12, 4);
    if (length > at) return false;  // larger than what was read
    size_t entry = at - length;
    for (uint64_t i = 0; i < entries; ++i) {
        if (tail.substr(entry, 4) != "PK\x01\x02"sv || entry + 46 > at) return false;
        const uint64_t name = little_endian(tail, entry + 28, 2);
        if (name == 0 || !tail.substr(entry + 46, name).ends_with('/')) return false;
        entry +=
            46 + name + little_endian(tail, entry + 30, 2) + little_endian(tail, entry + 32, 2);
        if (entry > at) return false;
    }
    return true;
}

CompletenessVerdict judge_zip(std::string_view tail) {
    const size_t at = tail.rfind("PK\x05\x06"sv);
    if (at == std::string_view::npos || tail.size() - at < 22 ||
        little_endian(tail, at + 20, 2) > tail.size() - at - 22)
        return incomplete("zip", "there is no central directory at the end: it is truncated");
    return is_zip_of_nothing(tail, at) ? incomplete("zip", no_file_within) : complete("zip");
}

CompletenessVerdict judge_7z(uint64_t size, std::string_view head) {
    if (head.size() < 32) return incomplete("7z", "the file is too short to be a 7z file");
    if (checksum(head.substr(12, 20)) != little_endian(head, 8, 4))
        return incomplete("7z", "the start header is damaged");
    const uint64_t offset = little_endian(head, 12, 8);
    const uint64_t length = little_endian(head, 20, 8);
    if (length == 0 && size == 32) return incomplete("7z", no_file_within);
    if (length == 0 || offset > size || length > size || 32 + offset + length > size)
        return incomplete("7z", "the file ends before its header: it is truncated");
    return complete("7z");
}

bool is_tar(std::string_view head) {
    return head.size() >= 512 && head.substr(257, 5) == "ustar";
}

CompletenessVerdict judge_tar(std::string_view head, std::string_view tail) {
    TarMembers members;
    members.feed(head);
    if (members.no_file()) return incomplete("tar", no_file_within);
    const bool ended = tail.size() >= 1024 && consists_of(tail.substr(tail.size() - 1024), "\0"sv);
    if (ended) return complete("tar");
    return incomplete("tar", "the archive does not end with blocks of zeros: tar did not finish");
}

// An archive of many directories alone is longer than its head.
CompletenessVerdict judge_tar_file(std::string_view head, std::string_view tail, uint64_t size,
                                   const ReadAt& read_at) {
    constexpr uint64_t most_searched = 16 * mib, piece = 64 * kib;
    TarMembers members;
    members.feed(head);
    const uint64_t end = std::min(size, most_searched);
    for (uint64_t at = head.size(); at < end && !members.decided(); at += piece)
        members.feed(read_at(at, piece));
    return members.no_file() ? incomplete("tar", no_file_within) : judge_tar(head, tail);
}

// What a tool wrote to its errors, and the shell put where the dump should be. A warning may stand
// before a dump.
bool is_error_text(std::string_view head) {
    if (contains(head, "-- PostgreSQL database") || contains(head, "-- MySQL dump ") ||
        contains(head, "-- MariaDB dump "))
        return false;
    std::string_view rest = head;
    std::string_view line = take_line(rest);
    // mariadb-dump of 11.8 warns of a login without a password before it fails.
    while (line.starts_with("WARNING: ") && !rest.empty()) line = take_line(rest);
    for (const std::string_view tool :
         {"pg_dump: ", "pg_dumpall: ", "pg_basebackup: ", "psql: ", "mysqldump: ", "mariadb-dump: ",
          "mariadb: ", "mysql: ", "mongodump: ", "sqlite3: ", "redis-cli: ", "tar: ", "gzip: ",
          "Error: ", "ERROR ", "Error response from daemon: ", "error: ", "ssh: ", "sudo: "})
        if (line.starts_with(tool)) return true;
    // "bash: line 1: pg_dump: command not found", "sh: 1: pg_dump: not found"
    return (line.starts_with("bash: ") || line.starts_with("sh: ") ||
            line.starts_with("/bin/sh: ") || line.starts_with("/bin/bash: ")) &&
           line.size() < 300;
}

CompletenessVerdict judge_sqlite_dump(std::string_view end) {
    while (!end.empty() && contains(" \n\r\t", end.back())) end.remove_suffix(1);
    if (end.ends_with("COMMIT;")) return complete("sqlite3");
    return incomplete("sqlite3", "the dump does not end with COMMIT: it did not finish");
}

}  // namespace

CompletenessVerdict judge_content(std::string_view head, std::string_view tail,
                                  std::optional<uint64_t> size) {
    if (is_tar(head)) return judge_tar(head, tail);
    if (const auto verdict = judge_database_file(size, head, tail)) return *verdict;
    const std::string_view beginning = head.substr(0, head_length);
    // Newer versions of pg_dump append "\unrestrict …" and blank lines.
    const std::string_view end = tail.substr(tail.size() - std::min<size_t>(tail.size(), 1024));
    if (contains(beginning, "-- PostgreSQL database cluster dump")) {
        if (contains(end, "-- PostgreSQL database cluster dump complete"))
            return complete("pg_dump");
        return incomplete("pg_dump",
                          "pg_dumpall's closing line is missing: the dump did not finish");
    }
    if (contains(beginning, "-- PostgreSQL database dump")) {
        if (contains(end, "-- PostgreSQL database dump complete")) return complete("pg_dump");
        return incomplete("pg_dump", "pg_dump's closing line is missing: the dump did not finish");
    }
    if (contains(beginning, "-- MySQL dump ") || contains(beginning, "-- MariaDB dump ")) {
        if (contains(end, "-- Dump completed")) return complete("mysqldump");
        return incomplete("mysqldump",
                          "mysqldump's closing line is missing: the dump did not finish");
    }
    if (beginning.starts_with("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;"))
        return judge_sqlite_dump(end);
    if (is_error_text(beginning)) return incomplete("", "it holds an error message, not a dump");
    if (!head.empty() && consists_of(head, "\0"sv) && consists_of(tail, "\0"sv))
        return incomplete("", "it contains only zeros");
    if (beginning.starts_with("PGDMP"))
        return unknown("pg_dump", "pg_dump's custom format has no mark at its end");
    return {};
}

CompletenessVerdict judge_ends(uint64_t size, const ReadAt& read_at) {
    if (size == 0) return incomplete("", "the file is empty");
    const std::string head = read_at(0, head_length);
    if (head.empty()) return unknown("", "the file could not be read");
    const uint64_t tail_start = size > tail_length ? size - tail_length : 0;
    const std::string tail = read_at(tail_start, tail_length);
    if (tail.size() != size - tail_start) return unknown("", "the file's end could not be read");
    const std::string_view start = head;
    if (start.starts_with("\x1F\x8B\x08")) return judge_gzip(size, tail);
    if (start.starts_with("\xFD"
                          "7zXZ\0"sv))
        return judge_xz(size, read_at);
    if (start.starts_with("BZh")) return judge_bzip2(tail);
    if (start.size() >= 4) {
        const uint64_t magic = little_endian(start, 0, 4);
        if (magic == 0xFD2FB528 || (magic >= 0x184D2A50 && magic <= 0x184D2A5F))
            return judge_zstd(size, read_at);
    }
    if (is_lz4(start)) return judge_lz4(size, read_at);
    if (is_openpgp(start)) return judge_openpgp(size, read_at);
    if (start.starts_with("PGDMP")) return judge_pg_custom(size, read_at);
    if (start.starts_with("7z\xBC\xAF\x27\x1C")) return judge_7z(size, start);
    if (start.starts_with("PK\x03\x04") || start.starts_with("PK\x05\x06")) {
        const uint64_t zip_start = size > 65557 ? size - 65557 : 0;
        return judge_zip(read_at(zip_start, 65557));
    }
    // A power cut can leave a file of the right length with nothing but zeros.
    if (consists_of(start, "\0"sv) && consists_of(tail, "\0"sv))
        return incomplete("", "the file contains only zeros");
    if (is_tar(start)) return judge_tar_file(start, tail, size, read_at);
    return judge_content(start, tail, size);
}

bool is_sql(std::string_view format) {
    return format == "pg_dump" || format == "mysqldump";
}

bool is_compression(std::string_view format) {
    return format == "gzip" || format == "zstd" || format == "xz" || format == "bzip2";
}

}  // namespace lastgood
