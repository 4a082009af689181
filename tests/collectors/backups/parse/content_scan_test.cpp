#include "collectors/backups/parse/content_scan.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace lastgood;
using namespace std::string_literals;

namespace {

// The same whatever the pieces.
bool unfinished(const std::string& text) {
    std::vector<bool> said;
    for (const size_t piece : {size_t{1}, size_t{7}, size_t{100}, text.size() + 1}) {
        SqlDumps dumps;
        for (size_t at = 0; at < text.size(); at += piece)
            dumps.feed(std::string_view(text).substr(at, piece));
        said.push_back(dumps.unfinished());
    }
    CHECK(said == std::vector<bool>(4, said[0]));
    return said[0];
}

bool no_file(const std::string& archive) {
    std::vector<bool> said;
    for (const size_t piece : {size_t{1}, size_t{511}, size_t{1000}, archive.size() + 1}) {
        TarMembers members;
        for (size_t at = 0; at < archive.size(); at += piece)
            members.feed(std::string_view(archive).substr(at, piece));
        said.push_back(members.no_file());
    }
    CHECK(said == std::vector<bool>(4, said[0]));
    return said[0];
}

std::string member(char type, const std::string& content = "") {
    std::string header(512, '\0');
    header.replace(0, 4, "name");
    char digits[12];
    snprintf(digits, sizeof digits, "%011zo", content.size());
    header.replace(124, 11, digits);
    header[156] = type;
    header.replace(257, 8, "ustar\00000"s);
    std::string body = content;
    body.resize((content.size() + 511) / 512 * 512, '\0');
    return header + body;
}

const std::string end_of_tar(1024, '\0');
const std::string pg = "--\n-- PostgreSQL database dump\n--\n\nselect 1;\n";
const std::string pg_end = "--\n-- PostgreSQL database dump complete\n--\n\n";
const std::string mysql = "-- MySQL dump 10.13  Distrib 8.0.36\n--\ninsert into t values (1);\n";
const std::string mysql_end = "-- Dump completed on 2026-11-24  2:00:01\n";
const std::string maria = "/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19\n";

}  // namespace

TEST_CASE("of several dumps in one file each must have its closing line") {
    CHECK_FALSE(unfinished(""));
    CHECK_FALSE(unfinished("select 1;\n"));
    CHECK_FALSE(unfinished(pg + pg_end));
    CHECK_FALSE(unfinished(pg + pg_end + pg + pg_end));
    CHECK_FALSE(unfinished(mysql + mysql_end + maria + mysql_end));
    CHECK_FALSE(unfinished(mysql + "-- Dump completed"));  // without a date and a line feed
    CHECK(unfinished(pg + pg + pg_end));
    CHECK(unfinished(pg + pg_end + pg));
    CHECK(unfinished(mysql + "mysqldump: Error 2013: Lost connection\n" + mysql + mysql_end));
    CHECK(unfinished(maria + mysql + mysql_end));
    CHECK(unfinished(pg + mysql + mysql_end));
    // Killed within a line, which may be long.
    CHECK(unfinished(mysql + "insert into t va" + mysql + mysql_end));
    CHECK(unfinished(mysql + std::string(100'000, 'x') + mysql + mysql_end));
    CHECK(unfinished(pg + "select" + pg + pg_end));
    CHECK_FALSE(unfinished("-- PostgreSQL database cluster dump\n" + pg + pg_end + pg + pg_end +
                           "-- PostgreSQL database cluster dump complete\n"));
    CHECK(unfinished("-- PostgreSQL database cluster dump\n" + pg + pg +
                     "-- PostgreSQL database cluster dump complete\n"));
}

TEST_CASE("headings within the text of a line are none, nor are longer lines") {
    CHECK_FALSE(unfinished("insert into t values ('-- MySQL dump 10');\n"));
    CHECK_FALSE(unfinished("-- PostgreSQL database dumps of last week\n"));
    CHECK_FALSE(unfinished(std::string(10'000, 'x') + "-- MySQL dump \n"));
    CHECK_FALSE(unfinished(mysql + std::string(1'000'000, 'x') + "\n" + mysql_end));
}

TEST_CASE("lines may end as on Windows") {
    CHECK_FALSE(
        unfinished("-- PostgreSQL database dump\r\n-- PostgreSQL database dump complete\r\n"));
    CHECK(unfinished("-- PostgreSQL database dump\r\nselect 1;\r\n"));
}

TEST_CASE("an archive of directories and links alone holds no file") {
    CHECK(no_file(member('5') + end_of_tar));
    CHECK(no_file(member('2') + end_of_tar));  // tar czf x /srv/data, which is a link
    CHECK(no_file(member('x', "27 mtime=1790000000.123\n") + member('5') + end_of_tar));
    std::string many;
    for (int i = 0; i < 300; ++i) many += member('5');
    CHECK(no_file(many + end_of_tar));
    CHECK_FALSE(no_file(many + member('0', "x") + end_of_tar));
    CHECK_FALSE(no_file(member('5') + member('0') + end_of_tar));
    CHECK_FALSE(no_file(member('L', std::string(600, 'n')) + member('0', "x") + end_of_tar));
    CHECK_FALSE(no_file(many));  // it has no end
    CHECK_FALSE(no_file(""));
    CHECK_FALSE(no_file(member('S', "sparse") + end_of_tar));
    std::string large = member('x', "x");
    large[124] = static_cast<char>(0x80);  // a size in base 256
    CHECK_FALSE(no_file(large + end_of_tar));
}

TEST_CASE("what the scan found is one reason") {
    ContentScan scan;
    scan.feed(pg);
    CHECK(scan.fault() == dump_unfinished);
    scan.feed(pg_end);
    CHECK(scan.fault().empty());
    ContentScan archive;
    archive.feed(member('5') + end_of_tar);
    CHECK(archive.fault() == no_file_within);
    CHECK(archive.members().decided());
}
