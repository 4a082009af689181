// Counts the files of a copy against what its record promises.
#include "collectors/backups/counted_files.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/recorded_host.hpp"
#include "tests/temporary_directory.hpp"

using namespace lastgood;

namespace {

// 5 names and 6 bytes, with /copy itself.
void write_copy(test::RecordedHost& files) {
    files.file("/copy/a/one", "12");
    files.file("/copy/b/two", "1234");
    files.file("/copy/record", "left out");
}

PromisedFiles promised(const std::string& directory, double bytes, double entries) {
    return {"copy", directory, bytes, entries, {"record"}};
}

// A copy of real files, and the state directory.
struct Real : test::TemporaryDirectory {
    Host host;
    Real() {
        REQUIRE(::chmod(path.c_str(), 0755) == 0);
        for (const char* name : {"a/1", "a/2", "b/1", "b/c/1", "d/1"}) write_file(name, "xx");
    }
    void write_file(const std::string& name, const std::string& text) const {
        const std::string file = at("copy/" + name);
        std::filesystem::create_directories(file.substr(0, file.rfind('/')));
        write("copy/" + name, text);
    }
    CountedFiles count(LookMemory& memory, double bytes, double entries) const {
        return FileCounter(host, &memory).count(promised(at("copy"), bytes, entries));
    }
    LookMemory memory() const { return {host, path, "it"}; }
};

}  // namespace

TEST_CASE("a copy has all files, or some") {
    test::RecordedHost files;
    files.file("/now", "1795698000");
    write_copy(files);
    const Host host(files.root());
    const auto there = [&](double bytes, double entries) {
        return FileCounter(host, nullptr).count(promised("/copy", bytes, entries)).there;
    };
    CHECK(there(6, 5) == FilesThere::all);
    CHECK(there(0, 5) == FilesThere::all);
    CHECK(there(7, 5) == FilesThere::some);
    CHECK(there(6, 6) == FilesThere::some);
    CHECK(FileCounter(host, nullptr).count(promised("/gone", 1, 1)).there == FilesThere::unknown);
    const PromisedFiles more = promised("/copy", 7, 6);
    CHECK(what_is_missing(more, FileCounter(host, nullptr).count(more)) ==
          "files are missing: it has 5 of 6 names and 6 of 7 bytes");
}

TEST_CASE("a count goes on where it stopped, in the order of the names") {
    const Real real;  // 9 names, 10 bytes
    auto memory = real.memory();
    CHECK(real.count(memory, 10, 10).there == FilesThere::all);
    const auto id = text_in(value_in(memory.section("counted_files"), "copy"), "id");
    const auto stopped_at = [&](const char* directory) {
        memory.keep("counted_files",
                    {{"copy", {{"id", id}, {"bytes", 0}, {"entries", 0}, {"at", directory}}}});
        return real.count(memory, 10, 10);
    };
    // What was just written may be followed by more.
    CHECK(stopped_at("").there == FilesThere::unknown);
    CHECK(stopped_at("").entries == 9);
    CHECK(stopped_at("a").entries == 6);
    CHECK(stopped_at("b").entries == 4);
    CHECK(stopped_at("b/c").entries == 2);
    CHECK(stopped_at("b/a").entries == 4);  // which is gone
    CHECK(stopped_at("c").entries == 2);
    CHECK(stopped_at("d").entries == 0);
}

TEST_CASE("what is whole is not counted again while its directory is unchanged") {
    const Real real;
    auto memory = real.memory();
    CHECK(real.count(memory, 10, 10).there == FilesThere::all);
    std::filesystem::remove(real.at("copy/b/c/1"));
    CHECK(real.count(memory, 10, 10).there == FilesThere::all);
    std::filesystem::remove_all(real.at("copy/d"));
    CHECK(real.count(memory, 10, 10).there == FilesThere::unknown);
    CHECK(real.count(memory, 2, 2).there == FilesThere::all);
}
