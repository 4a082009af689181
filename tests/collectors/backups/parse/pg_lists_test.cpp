// Tests the lists of files in directories of pg_dump and pg_basebackup, as PostgreSQL 15 wrote
// them.
#include "collectors/backups/parse/pg_lists.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace lastgood;

namespace {

ReadAt reads(const std::string& text) {
    return [&text](uint64_t offset, size_t length) {
        return offset < text.size() ? text.substr(offset, length) : std::string();
    };
}

std::string number(int64_t value) {
    std::string text(1, value < 0 ? '\1' : '\0');
    for (int i = 0; i < 4; ++i) text += static_cast<char>((value < 0 ? -value : value) >> (8 * i));
    return text;
}
std::string text_of(const std::string& text) {
    return number(static_cast<int64_t>(text.size())) + text;
}

// An entry of archive version 1.14, with the file of its data.
std::string entry(const std::string& file) {
    std::string text = number(3346) + number(1) + text_of("0") + text_of("16385") + text_of("a") +
                       text_of("TABLE DATA") + number(3) + text_of("") + text_of("") +
                       text_of("COPY public.a (i, t) FROM stdin;\n") + text_of("public") +
                       text_of("") + text_of("") + text_of("postgres") + text_of("false") +
                       text_of("214") + number(-1);
    return text + text_of(file);
}

std::string contents(const std::vector<std::string>& files, char version = 14, char format = 3) {
    std::string text = std::string("PGDMP\1") + version + '\0' + '\4' + '\10' + format;
    text += version >= 15 ? std::string(1, '\1') : number(-1);
    for (int i = 0; i < 7; ++i) text += number(26);
    text += text_of("shop") + text_of("15.18") + text_of("15.18");
    text += number(static_cast<int64_t>(files.size()));
    for (const std::string& file : files) text += entry(file);
    return text;
}

PgContents read(const std::string& text) {
    return read_pg_contents(text.size(), reads(text));
}

const std::string manifest =
    "{ \"PostgreSQL-Backup-Manifest-Version\": 1,\n"
    "\"Files\": [\n"
    "{ \"Path\": \"backup_label\", \"Size\": 225, \"Last-Modified\": \"2026-11-26 23:23:26 GMT\", "
    "\"Checksum-Algorithm\": \"CRC32C\", \"Checksum\": \"95a9713e\" },\n"
    "{ \"Encoded-Path\": \"626173652fff\", \"Size\": 8192, \"Last-Modified\": \"2026-11-26 "
    "23:23:23 "
    "GMT\" }\n"
    "],\n"
    "\"WAL-Ranges\": [\n"
    "{ \"Timeline\": 1, \"Start-LSN\": \"0/2000028\", \"End-LSN\": \"0/2000100\" }\n"
    "],\n"
    "\"Manifest-Checksum\": "
    "\"a45de54787b51e25ff58f33eaa91a6f0453235851e78dd1f53530f666d84b2a6\"}\n";

PgManifestEnd read_manifest(const std::string& text, std::vector<PgListedFile>& files) {
    return read_pg_manifest(text.size(), reads(text), [&](const PgListedFile& file) {
        files.push_back(file);
        return files.size() < 10;
    });
}
PgManifestEnd end_of(const std::string& text) {
    std::vector<PgListedFile> files;
    return read_manifest(text, files);
}

}  // namespace

TEST_CASE("toc.dat of pg_dump names the files of its data") {
    const std::string text = contents({"", "3346.dat", "3347.dat", "blobs.toc", ""});
    const PgContents read_all = read(text);
    CHECK(read_all.verdict.state == Completeness::complete);
    CHECK(read_all.files == std::vector<std::string>{"3346.dat", "3347.dat", "blobs.toc"});
    for (size_t length = 0; length < text.size(); ++length) {
        CAPTURE(length);
        CHECK(read(text.substr(0, length)).verdict.state == Completeness::incomplete);
    }
    CHECK(read(text + "x").verdict.state == Completeness::incomplete);
}

TEST_CASE("toc.dat of another version or format, or with impossible names, tells nothing") {
    CHECK(read(contents({}, 11)).verdict.state == Completeness::unknown);
    CHECK(read(contents({}, 17)).verdict.state == Completeness::unknown);
    CHECK(read(contents({}, 14, 1)).verdict.state == Completeness::unknown);
    // Its entries have one more number than those here.
    CHECK(read(contents({"1.dat"}, 16)).verdict.state == Completeness::unknown);
    for (const char* name : {"../1.dat", "a/1.dat", ".dat", "passwd"})
        CHECK(read(contents({name})).verdict.state == Completeness::unknown);
}

TEST_CASE("backup_manifest names each file and its size, and ends with its checksum") {
    std::vector<PgListedFile> files;
    CHECK(read_manifest(manifest, files) == PgManifestEnd::whole);
    REQUIRE(files.size() == 2);
    CHECK(files[0].path == "backup_label");
    CHECK(files[0].size == 225);
    CHECK(files[1].path == "base/\xff");
    for (size_t length = 1; length + 1 < manifest.size(); ++length) {
        CAPTURE(length);
        const PgManifestEnd end = end_of(manifest.substr(0, length));
        CHECK((end == PgManifestEnd::cut || (length < 40 && end == PgManifestEnd::not_understood)));
    }
    CHECK(end_of(std::string(5000, '\0')) == PgManifestEnd::cut);
}

TEST_CASE("a manifest that names files elsewhere, or is none, is not understood") {
    CHECK(end_of("{}") == PgManifestEnd::not_understood);
    for (const char* path : {"/etc/passwd", "../x", "a/../../x", ""}) {
        std::string text = manifest;
        text.replace(text.find("backup_label"), 12, path);
        CHECK(end_of(text) == PgManifestEnd::not_understood);
    }
    std::string many = manifest.substr(0, manifest.find("{ \"Path"));
    for (int i = 0; i < 20; ++i) many += "{ \"Path\": \"a\", \"Size\": 1 },\n";
    CHECK(end_of(many) == PgManifestEnd::stopped);
}
