#include "core/files.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "core/host.hpp"
#include "core/text.hpp"
#include "tests/support.hpp"
#include "tests/temporary_directory.hpp"

using namespace lastgood;

namespace {

mode_t mode_of(const std::string& path) {
    struct stat status {};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status.st_mode & 07777;
}

std::string why_not(const std::string& path) {
    const auto opened = open_own_directory(path);
    return opened ? "" : opened.error().message;
}

}  // namespace

TEST_CASE("write_file neither opens nor follows what others planted under the name") {
    const test::TemporaryDirectory place;
    const std::string path = place.at("report.json");
    const std::string victim = place.write("victim", "precious");
    SUBCASE("a link") {
        place.link("report.json", victim);
    }
    SUBCASE("a pipe") {
        REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    }
    SUBCASE("a link that leads nowhere") {
        place.link("report.json", "/nowhere");
    }
    // Names that a temporary file might have, by the process id as before, or any other.
    const std::string likely = path + "." + std::to_string(::getpid()) + ".tmp";
    SUBCASE("a pipe as the temporary file") {
        REQUIRE(::mkfifo(likely.c_str(), 0600) == 0);
    }
    SUBCASE("a link as the temporary file") {
        place.link(likely.substr(place.path.size()), victim);
    }
    SUBCASE("a directory as the temporary file") {
        REQUIRE(::mkdir(likely.c_str(), 0700) == 0);
    }
    REQUIRE(write_file(path, "new", Synced::no));
    CHECK(Host().read(path).value() == "new");
    CHECK(Host().status(path, false)->kind == FileKind::regular);
    CHECK(Host().read(victim).value() == "precious");
    CHECK(mode_of(path) == 0644);
}

TEST_CASE("write_file says what it could not do, and leaves nothing behind") {
    const test::TemporaryDirectory place;
    REQUIRE(::mkdir(place.at("taken").c_str(), 0700) == 0);
    CHECK(write_file(place.at("taken"), "x", Synced::no).error().message ==
          "cannot replace " + place.at("taken") + ": Is a directory");
    CHECK(write_file(place.at("no/such"), "x", Synced::no).error().message ==
          "cannot create " + place.at("no/such") + ": No such file or directory");
    CHECK(Host().list(place.path).value() == std::vector<std::string>{"taken"});
}

TEST_CASE("names cannot be guessed") {
    const std::string one = unguessable();
    CHECK(one.size() == 16);
    CHECK(consists_of(one, hexadecimal_digits));
    CHECK(one != unguessable());
}

TEST_CASE("a directory of ours gets its mode whatever the umask; those above it can be entered") {
    const test::TemporaryDirectory place;
    for (const mode_t mask : {0U, 077U, 0777U}) {
        const std::string name = "m" + std::to_string(mask);
        const mode_t before = ::umask(mask);
        const auto closed = make_own_directory(place.at(name + "/a/closed"), 0700);
        const auto open = make_own_directory(place.at(name + "/a/open/"), 0755);
        ::umask(before);
        REQUIRE(closed);
        REQUIRE(open);
        CHECK(mode_of(place.at(name + "/a/closed")) == 0700);
        CHECK(mode_of(place.at(name + "/a/open")) == 0755);
        CHECK(mode_of(place.at(name + "/a")) == 0755);
        REQUIRE(::fchmod(open->get(), 0711) == 0);
        CHECK(make_own_directory(place.at(name + "/a/open"), 0755));
        CHECK(mode_of(place.at(name + "/a/open")) == 0711);  // one that was there is left as it is
    }
}

TEST_CASE("a directory that others can change is refused, with what mends it") {
    const test::TemporaryDirectory place;
    const std::string path = place.at("it's here");
    REQUIRE(make_own_directory(path, 0700));
    CHECK(why_not(path).empty());
    place.link("link", path);
    CHECK(why_not(place.at("link")) ==
          place.at("link") +
              " is a symbolic link, which is not followed; name the directory that it leads to in "
              "the configuration");
    CHECK(why_not(place.at("link/")) == why_not(place.at("link")));
    CHECK(open_own_directory(place.at("none")).error().kind == ErrorKind::absent);
    CHECK(open_own_directory(place.write("file", "")).error().kind == ErrorKind::absent);
    // An empty one of ours is made safe; what others may have put into one is not trusted.
    REQUIRE(::chmod(path.c_str(), 0777) == 0);
    CHECK(why_not(path).empty());
    CHECK(mode_of(path) == 0755);
    place.write("it's here/planted", "");
    REQUIRE(::chmod(path.c_str(), 01757) == 0);
    CHECK(why_not(path) == path +
                               " is not safe to use: others can write to it; look at what is in "
                               "it, then: chmod go-w '" +
                               place.at("it'\\''s here") + "'");
    CHECK(open_own_directory(path).error().kind == ErrorKind::denied);
    REQUIRE(::chmod(path.c_str(), 0755) == 0);
    CHECK(why_not(path).empty());
    // Who can write above it can replace it; a sticky directory forbids that.
    REQUIRE(::chmod(place.path.c_str(), 0777) == 0);
    CHECK(why_not(path) == path + " is not safe to use: everybody can replace what is in " +
                               place.path + "; to mend this: chmod o-w " + place.path);
    REQUIRE(::chmod(place.path.c_str(), 01777) == 0);
    CHECK(why_not(path).empty());
}

TEST_CASE("another user's directory is refused") {
    if (::geteuid() != 0) return test::skip("it needs root");
    const test::TemporaryDirectory place;
    const std::string path = place.at("theirs");
    REQUIRE(make_own_directory(path + "/inside", 0700));
    REQUIRE(::chown(path.c_str(), 65534, 65534) == 0);
    CHECK(why_not(path) == path +
                               " is not safe to use: it belongs to uid 65534; to mend this: "
                               "chown 0 " +
                               path);
    CHECK(why_not(path + "/inside") ==
          path + "/inside is not safe to use: " + path +
              " belongs to uid 65534, who can replace what is in it; choose another directory in "
              "the configuration");
}
