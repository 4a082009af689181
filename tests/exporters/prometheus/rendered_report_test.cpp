#include "exporters/prometheus/rendered_report.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdio>

#include "core/files.hpp"
#include "exporters/prometheus/gzip.hpp"
#include "tests/exporters/reports.hpp"
#include "tests/support.hpp"
#include "tests/temporary_directory.hpp"

using namespace lastgood;
using namespace lastgood::test;
using Form = RenderedReport::Form;

namespace {

size_t count(std::string_view text, std::string_view part) {
    size_t found = 0;
    for (size_t at = 0; (at = text.find(part, at)) != text.npos; ++at) ++found;
    return found;
}

std::string unpacked(std::string_view packed) {
    z_stream stream{};
    REQUIRE(::inflateInit2(&stream, 15 + 16) == Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    std::string text;
    int result = Z_OK;
    while (result == Z_OK) {
        char piece[8192];
        stream.next_out = reinterpret_cast<Bytef*>(piece);
        stream.avail_out = sizeof piece;
        result = ::inflate(&stream, Z_NO_FLUSH);
        text.append(piece, sizeof piece - stream.avail_out);
    }
    ::inflateEnd(&stream);
    CHECK(result == Z_STREAM_END);
    return text;
}

struct Rendered {
    TemporaryDirectory folder;
    std::string path = folder.at("report.json");
    Timestamp now = report_time;
    RenderedReport report{path, [this] { return now; }};

    HttpAnswer answer(Form form, bool packed = false) {
        HttpAnswer answer;
        report.put_into(answer, form, packed);
        return answer;
    }
    std::string text(Form form) { return std::string(answer(form).body.view()); }
    std::string metrics() { return text(Form::text); }

    // Content that changes with device, inode, size and time as they were.
    void spoil() const {
        struct stat before {};
        REQUIRE(::stat(path.c_str(), &before) == 0);
        std::FILE* file = std::fopen(path.c_str(), "r+");
        std::fputs("x", file);
        std::fclose(file);
        const timespec times[2] = {before.st_atim, before.st_mtim};
        REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
    }
};

}  // namespace

TEST_CASE("gzip packs what gunzip unpacks") {
    for (const std::string& text : {std::string(), std::string("a"), std::string(100'000, 'b')})
        CHECK(unpacked(gzip(text)) == text);
}

TEST_CASE("without a report each form says so as it can") {
    Rendered rendered;
    CHECK_FALSE(rendered.report.health().healthy);
    CHECK(rendered.report.health().why.find(rendered.path) != std::string::npos);
    CHECK(rendered.metrics().starts_with("# lastgood: there is no report at "));
    CHECK(count(rendered.metrics(), "\n") == 1);
    CHECK(rendered.text(Form::openmetrics) == "# EOF\n");
    CHECK(rendered.text(Form::page).find("UNKNOWN") != std::string::npos);
}

TEST_CASE("a report is read once, whoever asks for which form") {
    Rendered rendered;
    REQUIRE(write_report(healthy_host(2), rendered.path));
    CHECK(rendered.report.health().healthy);
    rendered.spoil();
    CHECK(rendered.report.health().healthy);
    CHECK(count(rendered.metrics(), "\nlastgood_drive_size_bytes{") == 2);
    CHECK(count(rendered.metrics(), "# TYPE ") > 20);
    CHECK(count(rendered.text(Form::openmetrics), "\nlastgood_drive_size_bytes{") == 2);
    CHECK(rendered.text(Form::page).find("2 drives") != std::string::npos);
    // A replaced file is read.
    REQUIRE(write_report(healthy_host(3), rendered.path));
    CHECK(count(rendered.metrics(), "\nlastgood_drive_size_bytes{") == 3);
    CHECK(rendered.text(Form::page).find("3 drives") != std::string::npos);
}

TEST_CASE("answers share one text, packed or not, until the report changes") {
    Rendered rendered;
    REQUIRE(write_report(healthy_host(2), rendered.path));
    for (const Form form : {Form::page, Form::text, Form::openmetrics}) {
        const HttpAnswer plain = rendered.answer(form), packed = rendered.answer(form, true);
        CHECK(plain.content_encoding.empty());
        CHECK(packed.content_encoding == "gzip");
        CHECK(packed.body.view().size() < plain.body.view().size() / 2);
        CHECK(unpacked(packed.body.view()) == plain.body.view());
        CHECK(rendered.answer(form).body.view().data() == plain.body.view().data());
        CHECK(rendered.answer(form, true).body.view().data() == packed.body.view().data());
    }
    const HttpAnswer before = rendered.answer(Form::text, true);
    const std::string kept(before.body.view());
    REQUIRE(write_report(healthy_host(3), rendered.path));
    CHECK(rendered.answer(Form::text, true).body.view() != before.body.view());
    CHECK(before.body.view() == kept);  // a slow reader still has its own
}

TEST_CASE("an old report exposes only its time, and the page says that it is old") {
    Rendered rendered;
    REQUIRE(write_report(healthy_host(2), rendered.path));
    CHECK(rendered.text(Form::page).find("FINE") != std::string::npos);
    rendered.now += 3600;
    CHECK_FALSE(rendered.report.health().healthy);
    CHECK(rendered.report.health().why.find("1 h") != std::string::npos);
    CHECK(count(rendered.metrics(), "\nlastgood_") == 1);
    CHECK(count(rendered.metrics(), "\nlastgood_report_timestamp_seconds 1789999996\n") == 1);
    CHECK(rendered.metrics().find("\n# lastgood: the report is 1 h old") != std::string::npos);
    CHECK(count(rendered.text(Form::openmetrics), "\nlastgood_") == 1);
    CHECK(rendered.text(Form::openmetrics).ends_with("# EOF\n"));
    CHECK(count(rendered.text(Form::openmetrics), "lastgood:") == 0);
    CHECK(rendered.answer(Form::text, true).content_encoding.empty());
    const std::string page = rendered.text(Form::page);
    CHECK(page.find("dead or hangs. Its last report is 1 h") != std::string::npos);
    rendered.now += 59;
    CHECK(rendered.text(Form::page) == page);
    rendered.now += 3600;
    CHECK(rendered.text(Form::page).find("Its last report is 2 h") != std::string::npos);
    rendered.now = report_time;
    CHECK(rendered.text(Form::page).find("FINE") != std::string::npos);
}

TEST_CASE("a report that is damaged or removed is not served from memory") {
    Rendered rendered;
    REQUIRE(write_report(healthy_host(2), rendered.path));
    CHECK(rendered.report.health().healthy);
    REQUIRE(write_file(rendered.path, "{\"written_at\": rubbish", Synced::no));
    CHECK_FALSE(rendered.report.health().healthy);
    CHECK(count(rendered.metrics(), "\nlastgood_") == 0);
    CHECK(rendered.text(Form::page).find("cannot be read") != std::string::npos);
    REQUIRE(write_report(healthy_host(2), rendered.path));
    CHECK(rendered.report.health().healthy);
    ::unlink(rendered.path.c_str());
    CHECK_FALSE(rendered.report.health().healthy);
    CHECK(count(rendered.metrics(), "\nlastgood_") == 0);
}
