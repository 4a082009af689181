#include "core/place.hpp"

#include <doctest/doctest.h>

#include "tests/recorded_host.hpp"

using namespace lastgood;

namespace {

struct Scene : test::RecordedHost {
    Scene() {
        file("/proc/self/mountinfo",
             "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
             "28 27 8:2 /sub /home rw - ext4 /dev/sda2 rw\n"
             "29 27 0:50 / /net rw - nfs4 nas:/x rw\n"
             "30 27 0:51 / /cloud rw - fuse.rclone x: rw\n");
        topology.mounts = parse_mountinfo(host().read("/proc/self/mountinfo").value());
    }
    Place find(std::string_view path) { return find_place(host(), topology, path); }
    Topology topology;
};

}  // namespace

TEST_CASE("a path is found through links, absolute, relative and of directories") {
    Scene scene;
    scene.directory("/home/anna/db");
    scene.link("/srv/anna", "/home/anna");
    scene.link("/srv/db", "../home/anna/db");
    CHECK(scene.find("/srv/anna/db").path == "/home/anna/db");
    CHECK(scene.find("/srv/db").path == "/home/anna/db");
    CHECK(scene.find("/srv/db").mount->point == "/home");
    CHECK(scene.find("/srv/db").inside() == "/sub/anna/db");
    CHECK(scene.find("/srv//anna/../anna/./db/").path == "/home/anna/db");
    CHECK(scene.find("/srv/db").exists);
    CHECK(scene.find("/").inside() == "/");
    CHECK(scene.find("/..").path == "/");
}

TEST_CASE("what is not there is said, and a loop of links ends") {
    const test::TemporaryDirectory directory;
    directory.link("b", "a");
    directory.link("a", "b");
    directory.link("dangling", "/nonexistent");
    directory.write("file", "x");
    Topology topology;
    topology.mounts = parse_mountinfo("27 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
    const Host host;
    const auto exists = [&](const char* name) {
        return find_place(host, topology, directory.at(name)).exists;
    };
    CHECK(exists("file"));
    CHECK_FALSE(exists("a"));
    CHECK_FALSE(exists("dangling"));
    CHECK_FALSE(exists("none/below"));
    CHECK_FALSE(exists("file/below"));
    CHECK(find_place(host, topology, directory.at("none/below")).mount->point == "/");
}

TEST_CASE("nothing is looked at where a dead server may block for ever") {
    Scene scene;
    scene.link("/net/out", "/home");
    scene.link("/cloud/out", "/home");
    scene.link("/srv/net", "/net");
    CHECK(scene.find("/net/out").path == "/net/out");
    CHECK(scene.find("/cloud/out").path == "/cloud/out");
    CHECK(scene.find("/srv/net/out").path == "/net/out");
}
