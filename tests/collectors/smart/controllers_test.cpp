// Drives behind RAID controllers, on recorded hosts.
#include <doctest/doctest.h>

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
    std::string found;
    for (const RaidController& controller : raid_controllers(host.host()))
        found += controller.subject + " " + controller.device + "; ";
    CHECK(found ==
          "controller-host0 /dev/bus/0; controller-host1 /dev/twa0; controller-host2 /dev/twa1; "
          "controller-host3 /dev/twl0; controller-host4 /dev/twe0; controller-host5 /dev/sg51; "
          "controller-host6 /dev/sg60; ");
}

TEST_CASE("each driver's slots have their own type for smartctl") {
    for (const auto& [driver, types] :
         {std::pair("hpsa", std::vector<std::string>{"cciss,0", "cciss,1"}),
          {"smartpqi", {"cciss,0", "cciss,1"}},
          {"aacraid", {"aacraid,6,0,0", "aacraid,6,0,1"}},
          {"3w-sas", {"3ware,0", "3ware,1"}}}) {
        const std::string_view name = driver;  // a lambda of clang 14 takes no structured binding
        CAPTURE(name);
        RecordedHost host;
        const RaidController controller{"controller-host6", 6, driver, "/dev/x"};
        host.file(smartctl + types[0] + " _dev_x", answer("S0"));
        host.file(smartctl + types[1] + " _dev_x", answer("S1"));
        std::string behind = types[1];
        behind.back() = '2';
        host.file(smartctl + behind + " _dev_x", cannot_open);
        MemorySink sink;
        REQUIRE(read_raid_controller(host.host(), Topology{}, controller, 20, sink).has_value());
        CHECK(value_of(sink.observations, metric::drive_smart_passed, "EX_S0") == 1);
        CHECK(value_of(sink.observations, metric::drive_smart_passed, "EX_S1") == 1);
        CHECK(sink.problems.empty());
    }
}

TEST_CASE("a controller whose first drive cannot be opened is not an empty one") {
    RecordedHost host;
    const RaidController controller{"controller-host6", 6, "hpsa", "/dev/x"};
    host.file(smartctl + "cciss,0 _dev_x", cannot_open);
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
