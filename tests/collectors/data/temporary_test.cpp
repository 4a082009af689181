#include <doctest/doctest.h>

#include "core/ephemeral.hpp"
#include "tests/collectors/data/scene.hpp"

using namespace lastgood;

namespace {

constexpr double mib_text = 1 << 20;

struct CloudScene : test::DataScene {
    CloudScene() {
        file("/proc/self/mountinfo",
             "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
             "28 27 8:17 / /mnt/resource rw - ext4 /dev/sdb1 rw\n");
        file("/mnt/resource/" + std::string(loss_warning), "Data on this disk is lost.\n");
    }
    void put(const std::string& path, double mib) {
        file("/mnt/resource/" + path, std::string(static_cast<size_t>(mib * mib_text), 'x'));
    }
};

const std::string files_there = "temporary /mnt/resource";

}  // namespace

TEST_CASE("what lies on a temporary disk is data, whatever it is") {
    CloudScene scene;
    scene.covers("machine", {"/"});
    scene.config.backups[0].crosses_mounts = true;
    CHECK(scene.found().empty());
    scene.put("shop/orders", 63);
    CHECK(scene.found().empty());  // a trial
    scene.put("shop/more", 2);
    CHECK(scene.found() == files_there);
    CHECK(scene.value(metric::data_ephemeral, files_there) == 1);
    CHECK(scene.value(metric::data_backed_up, files_there) == 0);
    CHECK(scene.value(metric::data_size_bytes, files_there) == 65 * mib_text);
    SUBCASE("its own name covers it") {
        scene.covers("resource", {"/mnt/resource"});
        scene.found();
        CHECK(scene.value(metric::data_backed_up, files_there) == 1);
    }
    SUBCASE("it may be lost, by somebody's word") {
        scene.config.not_backed_up.value = {"/mnt/resource: scratch"};
        scene.found();
        CHECK_FALSE(scene.value(metric::data_backed_up, files_there));
    }
}

TEST_CASE("swap and what the cloud puts there are no data") {
    CloudScene scene;
    scene.put("swapfile", 70);
    scene.file("/proc/swaps",
               "Filename Type Size Used Priority\n/mnt/resource/swapfile file 71676 0 -2\n");
    CHECK(scene.found().empty());
    scene.put("tmp/upload", 70);
    CHECK(scene.found() == files_there);
    CHECK(scene.value(metric::data_size_bytes, files_there) == 70 * mib_text);
}

TEST_CASE("a database on a temporary disk is told by its name, of any size") {
    CloudScene scene;
    scene.postgresql("/mnt/resource/pg");
    scene.process(812, "postgres", "/mnt/resource/pg");
    CHECK(scene.found() == "postgresql /mnt/resource/pg");
    CHECK(scene.value(metric::data_ephemeral, "postgresql /mnt/resource/pg") == 1);
    CHECK(scene.value(metric::data_backed_up, "postgresql /mnt/resource/pg") == 0);
}
