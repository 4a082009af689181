// Drives behind RAID controllers, on recorded hosts.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "collectors/smart/readers.hpp"
#include "core/metrics/drives.hpp"
#include "core/report.hpp"
#include "tests/recorded_host.hpp"

using namespace lastgood;
using test::RecordedHost;

namespace {

const std::string smartctl =
    "/commands/smartctl --json=c -n standby,3 -H -i -A -l error -l selftest -l ssd -l background "
    "-d ";

std::string answer(const std::string& serial) {
    return R"({"smartctl":{"version":[7,3],"exit_status":0},"scsi_model_name":"EX",)"
           R"("serial_number":")" +
           serial + R"(","smart_status":{"passed":true}})";
}

const std::string cannot_open =
    R"({"smartctl":{"version":[7,3],"messages":[{"string":"open device failed: No such device",)"
    R"("severity":"error"}],"exit_status":2}})";

// Records an answer for each slot: that of `drives` by its slot, else that it cannot be opened.
// `type` is smartctl's up to the slot: "3ware,".
void add_slots(RecordedHost& host, const std::string& type, int slots,
               const std::map<int, std::string>& drives) {
    for (int slot = 0; slot < slots; ++slot) {
        const auto drive = drives.find(slot);
        host.file(smartctl + type + std::to_string(slot) + " _dev_x",
                  drive == drives.end() ? cannot_open : drive->second);
    }
}

// A SCSI host of this driver with generic devices, by their SCSI types.
void add_host(RecordedHost& host, int number, const std::string& driver,
              const std::vector<int>& types = {}) {
    const std::string name = "host" + std::to_string(number);
    host.file("/sys/class/scsi_host/" + name + "/proc_name", driver + "\n");
    for (size_t i = 0; i < types.size(); ++i) {
        const std::string place = "/sys/devices/pci0000:00/" + name + "/target/" +
                                  std::to_string(number) + ":0:0:" + std::to_string(i);
        host.file(place + "/type", std::to_string(types[i]) + "\n");
        host.link("/sys/class/scsi_generic/sg" + std::to_string(10 * number + static_cast<int>(i)) +
                      "/device",
                  "../../.." + place.substr(4));
    }
}

// A disk of the SCSI host, with a partition.
void add_disk(RecordedHost& host, int number, const std::string& name) {
    const std::string place =
        "/sys/devices/pci0000:00/host" + std::to_string(number) + "/target/block/" + name;
    host.block(name + "1", place + "/" + name + "1", "8:1", true);
    host.block(name, place, "8:0");
}

}  // namespace

TEST_CASE("arguments of smartctl for each kind of controller") {
    RecordedHost host;
    add_host(host, 0, "megaraid_sas");
    add_host(host, 1, "3w-9xxx");
    add_host(host, 2, "3w-9xxx");
    add_host(host, 3, "3w-sas");
    add_host(host, 4, "3w-xxxx");
    add_host(host, 5, "hpsa", {0, 12});  // a volume, then the controller itself
    add_host(host, 6, "aacraid", {0, 0});
    add_host(host, 7, "smartpqi");  // nothing is attached
    add_host(host, 8, "mpt3sas", {0});
    add_host(host, 9, "hpsa");  // a kernel without SCSI generic devices
    add_disk(host, 9, "sdc");
    std::string found;
    for (const RaidController& controller : raid_controllers(host.host()))
        found += controller.subject + " " + controller.device + "; ";
    CHECK(found ==
          "controller-host0 /dev/bus/0; controller-host1 /dev/twa0; controller-host2 /dev/twa1; "
          "controller-host3 /dev/twl0; controller-host4 /dev/twe0; controller-host5 /dev/sg51; "
          "controller-host6 /dev/sg60; controller-host9 /dev/sdc; ");
}

TEST_CASE("drives behind a controller need not be in its first slots") {
    for (const auto& [driver, type, slots] :
         {std::tuple("hpsa", "cciss,", 128), std::tuple("smartpqi", "cciss,", 128),
          std::tuple("aacraid", "aacraid,6,0,", 128), std::tuple("3w-sas", "3ware,", 128),
          std::tuple("3w-9xxx", "3ware,", 32), std::tuple("3w-xxxx", "3ware,", 32)}) {
        const std::string_view name = driver;  // a lambda of clang 14 takes no structured binding
        CAPTURE(name);
        RecordedHost host;
        const RaidController controller{"controller-host6", 6, driver, "/dev/x"};
        std::string failing = answer("S3");
        failing.replace(failing.find("true"), 4, "false");
        add_slots(host, type, slots, {{2, answer("S2")}, {3, failing}, {slots - 1, answer("S9")}});
        MemorySink sink;
        REQUIRE(read_raid_controller(host.host(), Topology{}, controller, 20, sink).has_value());
        CHECK(value_of(sink.observations, metric::drive_smart_passed, "EX_S2") == 1);
        CHECK(value_of(sink.observations, metric::drive_smart_passed, "EX_S3") == 0);
        CHECK(value_of(sink.observations, metric::drive_smart_passed, "EX_S9") == 1);
        CHECK(sink.problems.empty());
        const auto count =
            std::ranges::find(sink.observations, &metric::controller_drives, &Observation::metric);
        REQUIRE(count != sink.observations.end());
        CHECK(count->value == 3);
        CHECK(count->labels == Labels{{"controller", "host6"}, {"driver", std::string(name)}});
    }
}

TEST_CASE("a drive that the kernel shows is counted, and written under its device only") {
    RecordedHost host;
    add_slots(host, "cciss,", 128, {{0, answer("S0")}, {5, answer("S5")}});
    Topology topology;
    topology.drives["EX_S0"].serial = "S0";
    MemorySink sink;
    REQUIRE(read_raid_controller(host.host(), topology, {"controller-host6", 6, "hpsa", "/dev/x"},
                                 20, sink)
                .has_value());
    CHECK_FALSE(value_of(sink.observations, metric::drive_smart_passed, "EX_S0"));
    CHECK(value_of(sink.observations, metric::drive_smart_passed, "EX_S5") == 1);
    CHECK(value_of(sink.observations, metric::controller_drives, "") == 2);
}

TEST_CASE("a slot whose answer makes no sense is a problem, and the next one is read") {
    RecordedHost host;
    add_slots(host, "3ware,", 32, {{0, "nonsense"}, {7, answer("S7")}});
    MemorySink sink;
    REQUIRE(read_raid_controller(host.host(), Topology{},
                                 {"controller-host6", 6, "3w-9xxx", "/dev/x"}, 20, sink)
                .has_value());
    REQUIRE(sink.problems.size() == 1);
    CHECK(sink.problems[0].first == "/dev/x -d 3ware,0");
    CHECK(value_of(sink.observations, metric::drive_smart_passed, "EX_S7") == 1);
}

TEST_CASE("a controller without a drive that answers is not an empty one") {
    RecordedHost host;
    const RaidController controller{"controller-host6", 6, "hpsa", "/dev/x"};
    add_slots(host, "cciss,", 128, {});
    MemorySink sink;
    const auto read = read_raid_controller(host.host(), Topology{}, controller, 20, sink);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().message.find("No such device") != std::string::npos);
}

TEST_CASE("of two MegaRAID controllers each has its own drives") {
    RecordedHost host;
    host.file("/commands/smartctl --scan --json=c", R"({"smartctl":{"exit_status":0},"devices":[
        {"name":"/dev/bus/0","type":"megaraid,7","protocol":"SCSI"},
        {"name":"/dev/bus/3","type":"megaraid,7","protocol":"SCSI"}]})");
    host.file(smartctl + "megaraid,7 _dev_bus_0", answer("S0"));
    host.file(smartctl + "megaraid,7 _dev_bus_3", answer("S3"));
    MemorySink sink;
    REQUIRE(read_raid_controller(host.host(), Topology{},
                                 {"controller-host3", 3, "megaraid_sas", "/dev/bus/3"}, 20, sink)
                .has_value());
    CHECK(value_of(sink.observations, metric::drive_smart_passed, "EX_S3") == 1);
    CHECK_FALSE(value_of(sink.observations, metric::drive_smart_passed, "EX_S0"));
    CHECK(sink.problems.empty());
}

TEST_CASE("a MegaRAID controller with a volume and no drive was not looked at") {
    RecordedHost host;
    host.file("/commands/smartctl --scan --json=c",
              R"({"smartctl":{"exit_status":0},"devices":[{"name":"/dev/sda","type":"scsi"}]})");
    const RaidController controller{"controller-host3", 3, "megaraid_sas", "/dev/bus/3"};
    MemorySink sink;
    const Topology none;
    REQUIRE(read_raid_controller(host.host(), none, controller, 20, sink).has_value());
    CHECK(value_of(sink.observations, metric::controller_drives, "") == 0);
    add_host(host, 3, "megaraid_sas", {13});  // an enclosure
    CHECK(read_raid_controller(host.host(), none, controller, 20, sink).has_value());
    add_disk(host, 3, "sda");
    const auto read = read_raid_controller(host.host(), none, controller, 20, sink);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().message == "smartctl --scan lists no drive behind /dev/bus/3");
}
