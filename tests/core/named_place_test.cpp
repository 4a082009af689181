#include "core/named_place.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include "tests/temporary_directory.hpp"

using namespace lastgood;

namespace {

constexpr uid_t a_user = 4021, another = 4022;

struct Scene {
    Scene() {
        topology.mounts = parse_mountinfo("27 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
        directory.write("home/u/file", "x");
        directory.write("home/v/file", "x");
    }
    bool counts(const std::string& name, bool follows = false) const {
        return find_named_place(host, topology, directory.at(name), follows).counts();
    }
    void give(const std::string& name, uid_t user) const {
        REQUIRE(::lchown(directory.at(name).c_str(), user, user) == 0);
    }
    test::TemporaryDirectory directory;
    Topology topology;
    Host host;
};

}  // namespace

TEST_CASE("a path that is a link counts for nothing unless it is followed") {
    const Scene scene;
    scene.directory.link("home/u/link", scene.directory.at("home/u"));
    CHECK(scene.counts("home/u"));
    CHECK(scene.counts("home/none"));
    for (const char* name : {"home/u/link", "home/u/link/", "home/u/./link/."}) {
        CHECK_FALSE(scene.counts(name));
        CHECK(scene.counts(name, true));
    }
    CHECK(scene.counts("home/u/link/file"));
    CHECK(find_named_place(scene.host, scene.topology, "/dev/stdin", false).counts());
}

TEST_CASE("a user's link leads to what is the user's own") {
    if (::geteuid() != 0) return;  // who gives files away
    const Scene scene;
    scene.directory.link("home/u/all", "/");
    scene.directory.link("home/u/other", scene.directory.at("home/v"));
    scene.directory.link("home/u/own", scene.directory.at("home/u"));
    scene.directory.link("by-root", scene.directory.at("home/v"));
    for (const char* name : {"home/u", "home/u/file", "home/u/all", "home/u/other", "home/u/own"})
        scene.give(name, a_user);
    scene.give("home/v", another);
    scene.give("home/v/file", another);
    CHECK(scene.counts("home/u/own/file"));
    CHECK(scene.counts("home/u/own", true));
    CHECK(scene.counts("by-root/file"));
    CHECK_FALSE(scene.counts("home/u/all/etc"));
    CHECK_FALSE(scene.counts("home/u/all", true));
    CHECK_FALSE(scene.counts("home/u/other/file"));
    scene.give("home/u/other", 0);  // which the user may replace all the same
    CHECK_FALSE(scene.counts("home/u/other/file"));
}
