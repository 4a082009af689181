#include "collectors/backups/parse/completeness.hpp"

#include <doctest/doctest.h>

#include <string>

#include "collectors/backups/parse/content_scan.hpp"
#include "collectors/backups/parse/decompressor.hpp"
#include "tests/packed.hpp"

using namespace lastgood;
using test::bzipped;
using test::formats;
using test::gzipped;
using test::xzipped;
using test::zstandard;
using namespace std::string_literals;

namespace {

CompletenessVerdict judge(const std::string& bytes) {
    return judge_ends(bytes.size(), [&](uint64_t offset, size_t length) {
        return offset >= bytes.size() ? std::string() : bytes.substr(offset, length);
    });
}

std::string text_of(size_t lines) {
    std::string text;
    for (size_t i = 0; i < lines; ++i)
        text += "insert into t values (" + std::to_string(i * 7919 % 104729) + ");\n";
    return text;
}

std::string dump(size_t lines) {
    return "--\n-- PostgreSQL database dump\n--\n\n" + text_of(lines) +
           "\n--\n-- PostgreSQL database dump complete\n--\n\n";
}

// Feeds everything through the decompressor in pieces, as probe_file() does.
bool unpacks(const std::string& format, const std::string& bytes, size_t piece,
             std::string* tail = nullptr) {
    const auto decompressor = make_decompressor(format);
    REQUIRE(decompressor != nullptr);
    for (size_t at = 0; at < bytes.size(); at += piece)
        if (!decompressor->feed(std::string_view(bytes).substr(at, piece))) return false;
    if (tail != nullptr) *tail = decompressor->tail();
    return decompressor->ended();
}

std::string tar_of(const std::string& content) {
    std::string header(512, '\0');
    header.replace(0, 4, "file");
    header.replace(257, 8, "ustar\00000"s);
    std::string body = content;
    body.resize((content.size() + 511) / 512 * 512, '\0');
    return header + body + std::string(1024, '\0');
}

}  // namespace

TEST_CASE("complete compressed files") {
    for (const auto& format : formats) {
        CAPTURE(format.name);
        for (const size_t lines : {size_t{1}, size_t{200}, size_t{50'000}}) {
            const std::string bytes = format.pack(dump(lines));
            const auto verdict = judge(bytes);
            CHECK(verdict.format == format.name);
            // The ends of a gzip file prove nothing; those of the other formats do.
            CHECK(verdict.state ==
                  (format.name == "gzip" ? Completeness::unknown : Completeness::complete));
            for (const size_t piece : {size_t{1} << 20, size_t{4096}, size_t{997}}) {
                std::string tail;
                CHECK(unpacks(format.name, bytes, piece, &tail));
                CHECK(judge_content(dump(lines), tail).state == Completeness::complete);
            }
        }
    }
}

TEST_CASE("compressed files truncated at any place") {
    for (const auto& format : formats) {
        CAPTURE(format.name);
        const std::string bytes = format.pack(dump(3000));
        for (size_t length = 1; length < bytes.size(); length += bytes.size() / 97 + 1) {
            CAPTURE(length);
            const std::string part = bytes.substr(0, length);
            CHECK(judge(part).state != Completeness::complete);
            CHECK_FALSE(unpacks(format.name, part, 4096));
            // Also within the last bytes.
            const std::string nearly = bytes.substr(0, bytes.size() - 1 - length % 12);
            CHECK(judge(nearly).state != Completeness::complete);
            CHECK_FALSE(unpacks(format.name, nearly, 4096));
        }
        if (format.name != "gzip")
            CHECK(judge(bytes.substr(0, bytes.size() / 2)).state == Completeness::incomplete);
    }
}

TEST_CASE("unpacking finds damage inside the file") {
    for (const auto& format : formats) {
        CAPTURE(format.name);
        std::string bytes = format.pack(dump(3000));
        bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x55);
        CHECK_FALSE(unpacks(format.name, bytes, 4096));
    }
}

TEST_CASE("a file that needs more memory than lastgood uses is not damaged") {
    for (const std::string format : {"zstd", "xz"}) {
        CAPTURE(format);
        const std::string bytes = format == "xz" ? test::xzipped_with_large_dictionary(dump(1000))
                                                 : test::zstandard_with_large_window(dump(1000));
        CHECK(judge(bytes).state == Completeness::complete);
        const auto decompressor = make_decompressor(format);
        CHECK_FALSE(decompressor->feed(bytes));
        CHECK_FALSE(decompressor->damaged());
        CHECK(decompressor->obstacle() == "it needs more memory than lastgood uses");
        CHECK_FALSE(decompressor->feed(bytes));
        CHECK_FALSE(decompressor->ended());
    }
}

TEST_CASE("a file that needs a dictionary is not damaged") {
    std::string bytes = zstandard(text_of(5), false);
    REQUIRE((bytes[4] & 0x23) == 0x20);  // a single segment, no dictionary
    bytes[4] = static_cast<char>(bytes[4] | 1);
    bytes.insert(5, 1, '\x2A');  // the dictionary's number
    CHECK(judge(bytes).state == Completeness::complete);
    const auto decompressor = make_decompressor("zstd");
    CHECK_FALSE(decompressor->feed(bytes));
    CHECK_FALSE(decompressor->damaged());
    CHECK(decompressor->obstacle() == "its dictionary is not here");
}

TEST_CASE("xz: zeros behind the streams are padding, up to what is searched") {
    const std::string bytes = xzipped(text_of(5));
    for (const size_t zeros : {size_t{4}, size_t{10'240}, size_t{65'536}, size_t{200'000}}) {
        CAPTURE(zeros);
        CHECK(judge(bytes + std::string(zeros, '\0')).state == Completeness::complete);
        CHECK(unpacks("xz", bytes + std::string(zeros, '\0'), 1 << 20));
        CHECK(judge(bytes.substr(0, bytes.size() - 4) + std::string(zeros, '\0')).state ==
              Completeness::incomplete);
    }
    CHECK(judge(bytes + std::string(17 << 20, '\0')).state == Completeness::unknown);
}

TEST_CASE("several streams one after another are one file") {
    for (const auto& format : formats) {
        CAPTURE(format.name);
        const std::string bytes = format.pack(text_of(50)) + format.pack(text_of(20));
        CHECK(judge(bytes).state != Completeness::incomplete);
        CHECK(unpacks(format.name, bytes, 100));
        CHECK(unpacks(format.name, bytes, 1 << 20));
        CHECK_FALSE(unpacks(format.name, bytes.substr(0, bytes.size() - 6), 100));
    }
    const std::string plain = zstandard(text_of(5), false);
    CHECK(judge(plain).state == Completeness::complete);
    const std::string skippable = "\x50\x2A\x4D\x18\x04\x00\x00\x00"s + "abcd";
    CHECK(judge(skippable + plain).state == Completeness::complete);
    for (const char number : {'\x51', '\x5F'}) {  // the specification has 16 such magic numbers
        std::string other = skippable;
        other[0] = number;
        CHECK(judge(other + plain).state == Completeness::complete);
    }
    CHECK(judge(plain + skippable.substr(0, 10)).state == Completeness::incomplete);
    CHECK(judge(xzipped(text_of(5)) + "\0\0\0\0"s).state == Completeness::complete);
}

TEST_CASE("a gzip trailer with a size beyond deflate's ratio is invalid") {
    const auto with_size = [](uint32_t unpacked) {
        std::string bytes = "\x1F\x8B\x08" + std::string(93, 'x');
        for (int i = 0; i < 4; ++i) bytes += static_cast<char>(unpacked >> (8 * i));
        return judge(bytes).state;
    };
    CHECK(with_size(100 * 1032) == Completeness::unknown);
    CHECK(with_size(100 * 1032 + 1) == Completeness::incomplete);
}

TEST_CASE("zeros after a gzip stream are padding, anything else is damage") {
    const std::string bytes = gzipped(dump(200));
    const std::string zeros(700, '\0');
    CHECK(judge(bytes + zeros).state != Completeness::incomplete);
    for (const size_t piece : {size_t{1}, size_t{100}, size_t{1} << 20}) {
        CAPTURE(piece);
        std::string tail;
        CHECK(unpacks("gzip", bytes + zeros, piece, &tail));
        CHECK(judge_content(dump(200), tail).state == Completeness::complete);
        CHECK(unpacks("gzip", bytes + zeros + bytes + zeros, piece));
        CHECK_FALSE(unpacks("gzip", bytes + zeros + "x", piece));
        CHECK_FALSE(unpacks("gzip", bytes + zeros + bytes.substr(0, 100), piece));
    }
}

TEST_CASE("a dump that died in a pipe leaves a complete compressed file with incomplete content") {
    for (const auto& format : formats) {
        CAPTURE(format.name);
        const std::string half = dump(3000).substr(0, 30'000);
        const std::string bytes = format.pack(half);
        std::string tail;
        CHECK(unpacks(format.name, bytes, 4096, &tail));
        const auto verdict = judge_content(half, tail);
        CHECK(verdict.state == Completeness::incomplete);
        CHECK(verdict.format == "pg_dump");
    }
}

TEST_CASE("uncompressed SQL") {
    CHECK(judge(dump(5000)).state == Completeness::complete);
    CHECK(judge(dump(5000) + "\\unrestrict Tq4hJpVnZ2sX8cLkBf6wYd\n\n").state ==
          Completeness::complete);
    CHECK(judge(dump(5000).substr(0, 50'000)).state == Completeness::incomplete);
    CHECK(judge("--\n-- PostgreSQL database cluster dump\n--\n" + dump(10)).state ==
          Completeness::incomplete);  // the first database is complete, the cluster is not
    CHECK(judge("--\n-- PostgreSQL database cluster dump\n--\n" + dump(10) +
                "--\n-- PostgreSQL database cluster dump complete\n--\n\n")
              .state == Completeness::complete);
    const std::string mysql = "-- MySQL dump 10.13  Distrib 8.0.35\n" + text_of(500);
    CHECK(judge(mysql).state == Completeness::incomplete);
    CHECK(judge(mysql + "-- Dump completed on 2026-11-21  3:15:07\n").state ==
          Completeness::complete);
    const std::string mariadb =
        "/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19\n" + text_of(500);
    CHECK(judge(mariadb).state == Completeness::incomplete);
    CHECK(judge(mariadb + "-- Dump completed on 2026-11-21  3:15:07\n").state ==
          Completeness::complete);
    CHECK(judge(text_of(100)).state == Completeness::unknown);
    CHECK(judge("PGDMP\x01\x0e" + text_of(100)).state == Completeness::unknown);
}

TEST_CASE("an error message is no dump, also behind warnings; a dump behind a warning is one") {
    const std::string warning =
        "WARNING: option --ssl-verify-server-cert is disabled, because of an insecure passwordless "
        "login.\n";
    const std::string error =
        "mariadb-dump: Got error: 2002: \"Can't connect to server on '127.0.0.1' (115)\" when "
        "trying to connect\n";
    CHECK(judge(error).state == Completeness::incomplete);
    CHECK(judge(warning + error).state == Completeness::incomplete);
    CHECK(judge(warning + warning + error).state == Completeness::incomplete);
    CHECK(judge(warning).state == Completeness::unknown);
    CHECK(judge(warning + text_of(100)).state == Completeness::unknown);
    CHECK(judge(warning + "-- MariaDB dump 10.19\n" + text_of(500) +
                "-- Dump completed on 2026-11-21  3:15:07\n")
              .state == Completeness::complete);
}

TEST_CASE("archives") {
    const std::string tar = tar_of(text_of(100));
    CHECK(judge(tar).state == Completeness::complete);
    CHECK(judge(tar.substr(0, tar.size() - 600)).state == Completeness::incomplete);
    const std::string zip = "PK\x03\x04"s + std::string(200, 'x') + "PK\x05\x06"s +
                            std::string(6, '\0') + "\1" + std::string(11, '\0');
    CHECK(judge(zip).state == Completeness::complete);
    CHECK(judge(zip.substr(0, 150)).state == Completeness::incomplete);
    CHECK(judge(zip.substr(0, zip.size() - 3)).state == Completeness::incomplete);

    std::string positions = "\x64\0\0\0\0\0\0\0\x10\0\0\0\0\0\0\0abcd"s;
    const auto sum =
        static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(positions.data()), 20));
    std::string seven = "7z\xBC\xAF\x27\x1C\0\x04"s;
    for (int i = 0; i < 4; ++i) seven += static_cast<char>(sum >> (8 * i));
    seven += positions + std::string(116, 'x');
    CHECK(judge(seven).state == Completeness::complete);
    CHECK(judge(seven.substr(0, 100)).state == Completeness::incomplete);
    seven[14] = 'x';
    CHECK(judge(seven).state == Completeness::incomplete);
}

TEST_CASE("archives of nothing") {
    const std::string directory = tar_of("").replace(156, 1, "5");
    CHECK(judge(directory).reason == no_file_within);
    // Longer than what is read at once.
    std::string many;
    for (int i = 0; i < 3000; ++i) many += directory.substr(0, 512);
    CHECK(judge(many + std::string(1024, '\0')).reason == no_file_within);
    CHECK(judge(many + tar_of("x")).state == Completeness::complete);

    CHECK(judge("PK\x05\x06"s + std::string(18, '\0')).reason == no_file_within);
    const auto zip = [](const std::string& name) {
        const std::string entry = "PK\x01\x02"s + std::string(24, '\0') +
                                  static_cast<char>(name.size()) + std::string(17, '\0') + name;
        return "PK\x03\x04"s + std::string(26, '\0') + name + entry + "PK\x05\x06"s +
               std::string(6, '\0') + "\1\0"s + static_cast<char>(entry.size()) +
               std::string(9, '\0');
    };
    CHECK(judge(zip("data/")).reason == no_file_within);
    CHECK(judge(zip("data")).state == Completeness::complete);

    const std::string nothing(20, '\0');
    const auto sum =
        static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(nothing.data()), 20));
    std::string seven = "7z\xBC\xAF\x27\x1C\0\x04"s;
    for (int i = 0; i < 4; ++i) seven += static_cast<char>(sum >> (8 * i));
    CHECK(judge(seven + nothing).reason == no_file_within);
}

TEST_CASE("files of no known format") {
    CHECK(judge("").state == Completeness::incomplete);
    CHECK(judge(std::string(100'000, '\0')).state == Completeness::incomplete);
    CHECK(judge("\x1F\x8B\x08").state == Completeness::incomplete);
    CHECK(judge("x").state == Completeness::unknown);
    CHECK(judge_ends(1000, [](uint64_t, size_t) { return std::string(); }).state ==
          Completeness::unknown);
    CHECK(make_decompressor("tar") == nullptr);
    CHECK(is_compression("xz"));
    CHECK_FALSE(is_compression("tar"));
}
