#include "collectors/zfs/parse/zed_message.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace lastgood;

TEST_CASE("messages of ZFS's event daemon") {
    struct Form {
        const char* message;
        ZedKind kind;
        const char* pool;
        const char* device;
    };
    for (const Form& form : std::initializer_list<Form>{
             {"eid=9 class=checksum pool='tank' vdev=sdq1 size=131072 offset=1 priority=0 err=52",
              ZedKind::checksum, "tank", "sdq1"},
             {"eid=9 class=io pool='tank pool' vdev=ata-EX_1-part1 size=1 err=5", ZedKind::io,
              "tank pool", "ata-EX_1-part1"},
             {"eid=12 class=statechange pool='tank' vdev=sdq1 vdev_state=FAULTED", ZedKind::faulted,
              "tank", "sdq1"},
             {"eid=12 class=statechange pool='tank' vdev=sdq1 vdev_state=REMOVED", ZedKind::removed,
              "tank", "sdq1"},
             {"eid=12 class=statechange pool='tank' vdev=sdq1 vdev_state=UNAVAIL", ZedKind::faulted,
              "tank", "sdq1"},
             {"eid=12 class=probe_failure pool='tank' vdev_path=/dev/sdq1", ZedKind::io, "tank",
              "sdq1"},
             {"eid=13 class=data pool='tank' priority=4 err=52 flags=0x8881 bookmark=54:0:0:0",
              ZedKind::data, "tank", ""},
             {"eid=14 class=io_failure pool=tank", ZedKind::failed, "tank", ""},
             {"eid=15 class=deadman pool='tank' vdev=sdq1", ZedKind::timeout, "tank", "sdq1"},
         }) {
        INFO(std::string(form.message));
        const auto message = parse_zed_message(form.message);
        REQUIRE(message);
        CHECK(message->kind == form.kind);
        CHECK(message->pool == form.pool);
        CHECK(message->device == form.device);
    }
    for (const char* message :
         {"eid=1 class=statechange pool='tank' vdev=sdq1 vdev_state=ONLINE",
          "eid=1 class=vdev_remove pool='tank' vdev=sdq1",
          "eid=1 class=statechange pool='tank' vdev=sdq1 vdev_state=OFFLINE",
          "eid=2 class=scrub_finish pool='tank'", "eid=3 class=config_sync pool='tank'",
          "ZFS Event Daemon 2.1.11-1 (PID 812)", "eid=", ""}) {
        INFO(std::string(message));
        CHECK_FALSE(parse_zed_message(message));
    }
}
