// The smart collector on recorded hosts, and with a fake smartctl.
#include <doctest/doctest.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "collectors/collector.hpp"
#include "collectors/smart/readers.hpp"
#include "core/metrics/drives.hpp"
#include "core/report.hpp"
#include "tests/select.hpp"
#include "tests/temporary_directory.hpp"

using namespace lastgood;
namespace fs = std::filesystem;

namespace lastgood {
extern const Collector smart_collector;
}

namespace {

// This machine with a shell script as its smartctl; an empty script: without one.
struct FakeSmartctl {
    explicit FakeSmartctl(const std::string& script) {
        if (script.empty()) return;
        directory.write("smartctl", "#!/bin/sh\n" + script);
        fs::permissions(directory.path + "/smartctl", fs::perms::owner_all);
    }
    const test::TemporaryDirectory directory;
    const Host host{"/", directory.path};
};

Result<DriveReading> read_with(const std::string& script, Seconds deadline = 10) {
    const FakeSmartctl fake(script);
    return read_with_smartctl(fake.host, "/dev/example", "", deadline);
}

std::string print(const std::string& json, int status) {
    return "cat <<'END'\n" + json + "\nEND\nexit " + std::to_string(status) + "\n";
}

const std::string healthy =
    R"({"smartctl":{"version":[7,3],"exit_status":0},"device":{"name":"/dev/sda","type":"scsi","protocol":"SCSI"},)"
    R"("scsi_model_name":"EXAMPLE EX10K","serial_number":"S1","smart_status":{"passed":true},)"
    R"("temperature":{"current":33,"drive_trip":65},"scsi_grown_defect_list":2})";

const std::string arguments =
    "smartctl --json=c -n standby,3 -H -i -A -l error -l selftest -l ssd -l background";

}  // namespace

TEST_CASE("smartctl: a drive that answers") {
    const auto reading = read_with(print(healthy, 0));
    REQUIRE(reading.has_value());
    CHECK(reading->kind == DriveReading::Kind::health);
    CHECK(reading->reader == "smartctl");
    CHECK(reading->health.grown_defects == 2);
}

TEST_CASE("smartctl: a failing drive's exit status is not an error") {
    const auto reading = read_with(
        print(R"({"smartctl":{"version":[7,3],"exit_status":216},"smart_status":{"passed":false}})",
              216));
    REQUIRE(reading.has_value());
    CHECK(reading->kind == DriveReading::Kind::health);
    CHECK(reading->health.passed == false);
}

TEST_CASE("smartctl: a temperature alone would not show a failing drive") {
    const std::string partial =
        R"({{"smartctl":{{"version":[7,3],"exit_status":{}}},"serial_number":"S1",)"
        R"("temperature":{{"current":33}},"power_on_time":{{"hours":12}}}})";
    // A command failed: the health could not be read.
    CHECK_FALSE(read_with(print(fmt::format(fmt::runtime(partial), 4), 4)).has_value());
    const auto reading = read_with(print(fmt::format(fmt::runtime(partial), 0), 0));
    REQUIRE(reading.has_value());
    CHECK(reading->kind == DriveReading::Kind::no_smart);
    CHECK(reading->health.temperature_celsius == 33);
}

TEST_CASE("smartctl: a drive in standby is reported as asleep") {
    const std::string in_standby =
        R"json("messages":[{"string":"Device is in STANDBY mode, exit(3)"}],)json";
    for (const std::string& messages : {in_standby, std::string()}) {
        const std::string start = R"({"smartctl":{"version":[7,3],)";
        const auto reading = read_with(print(start + messages + R"("exit_status":3}})", 3));
        REQUIRE(reading.has_value());
        CHECK(reading->kind == DriveReading::Kind::asleep);
        CHECK(reading->health.power_state == PowerState::standby);
    }
}

TEST_CASE("smartctl: a drive that cannot be opened is an error with smartctl's reason") {
    const auto reading = read_with(print(
        R"({"smartctl":{"version":[7,3],"messages":[{"string":"Smartctl open device: /dev/example failed: )"
        R"(Input/output error","severity":"error"}],"exit_status":2}})",
        2));
    REQUIRE_FALSE(reading.has_value());
    CHECK(reading.error().kind == ErrorKind::failed);
    CHECK(reading.error().message.find("Input/output error") != std::string::npos);
}

TEST_CASE("smartctl: an unknown USB bridge has no SMART, which is not an error") {
    const auto reading = read_with(print(
        R"({"smartctl":{"version":[7,3],"messages":[{"string":"/dev/example: Unknown USB bridge [0x0bda:0x0138]",)"
        R"("severity":"error"}],"exit_status":1}})",
        1));
    REQUIRE(reading.has_value());
    CHECK(reading->kind == DriveReading::Kind::no_smart);
}

// Recorded with smartctl 7.3 from a SAS drive of QEMU 7.2, which has no health pages.
TEST_CASE("smartctl: a SAS drive without SMART is not an error, although a command failed") {
    const auto reading = read_with(print(
        R"({"json_format_version":[1,0],"smartctl":{"version":[7,3],"exit_status":4},)"
        R"("device":{"name":"/dev/sda","info_name":"/dev/sda","type":"scsi","protocol":"SCSI"},)"
        R"("scsi_vendor":"QEMU","scsi_product":"QEMU HARDDISK","scsi_model_name":"QEMU QEMU HARDDISK",)"
        R"("serial_number":"LABSAS1","smart_support":{"available":false},"temperature":{"current":0},)"
        R"("scsi_temperature":{"drive_trip":0}})",
        4));
    REQUIRE(reading.has_value());
    CHECK(reading->kind == DriveReading::Kind::no_smart);
}

TEST_CASE("smartctl: output that is empty, too long or not smartctl's is an error") {
    for (const char* script :
         {"echo hello; exit 0\n", "exit 0\n", "printf '\\377\\376{'\n", "echo '{}'\n"}) {
        const auto reading = read_with(script);
        REQUIRE_FALSE(reading.has_value());
        CHECK(reading.error().kind == ErrorKind::malformed);
    }
    CHECK_FALSE(read_with("yes garbage\n").has_value());
}

TEST_CASE("smartctl: a hanging process is killed at the deadline") {
    const Host host;
    const Seconds start = host.monotonic();
    const auto reading = read_with("trap '' TERM\nexec sleep 60\n", 0.5);
    REQUIRE_FALSE(reading.has_value());
    CHECK(reading.error().kind == ErrorKind::timed_out);
    CHECK(host.monotonic() - start < 10);
}

TEST_CASE("smartctl: a version before 7.3 is refused, with the remedy") {
    const auto reading = read_with(print(
        R"({"smartctl":{"version":[7,2],"exit_status":0},"smart_status":{"passed":true}})", 0));
    REQUIRE_FALSE(reading.has_value());
    CHECK(reading.error().message.find("7.3 or later") != std::string::npos);
}

TEST_CASE("smartctl: a missing program is absent, with the package to install") {
    const auto reading = read_with("");
    REQUIRE_FALSE(reading.has_value());
    CHECK(reading.error().kind == ErrorKind::absent);
    CHECK(reading.error().message.find("smartmontools") != std::string::npos);
}

namespace {

// Drives with SMART, without, asleep and behind a controller.
void write_drives(const test::TemporaryDirectory& root) {
    const auto add_drive = [&](const std::string& name, const std::string& place,
                               const std::string& number, const std::string& serial) {
        const std::string sysfs = "sys/devices/pci0000:00/" + place + "/block/" + name;
        root.write(sysfs + "/dev", number + "\n");
        root.write(sysfs + "/size", "1000\n");
        root.write(sysfs + "/removable", "0\n");
        root.write(sysfs + "/queue/rotational", "1\n");
        root.write("run/udev/data/b" + number, "E:ID_MODEL=EX\nE:ID_SERIAL_SHORT=" + serial + "\n");
        root.link("sys/class/block/" + name, "../../../" + sysfs);
    };
    add_drive("sda", "0000:00:01.0/host0/port-0:0/end_device-0:0/target0:0:0/0:0:0:0", "8:0", "S1");
    add_drive("sdb", "0000:00:01.0/host0/port-0:1/end_device-0:1/target0:0:1/0:0:1:0", "8:16",
              "S2");
    add_drive("vda", "0000:00:02.0/virtio1", "254:0", "V1");
    root.write("sys/class/scsi_host/host0/proc_name", "mpt3sas\n");
    root.write("sys/class/scsi_host/host3/proc_name", "megaraid_sas\n");
    root.write("now", "1700000000\n");
    root.write("commands/" + arguments + " _dev_sda", healthy);
    const std::string sleeping =
        R"json({"smartctl":{"version":[7,3],"messages":[{"string":"Device is in STANDBY mode, exit(3)"}],)json"
        R"json("exit_status":3}})json";
    root.write("commands/" + arguments + " _dev_sdb", sleeping);
    root.write("commands/smartctl --scan --json=c", R"({"smartctl":{"exit_status":0},"devices":[
        {"name":"/dev/bus/3","type":"megaraid,7","protocol":"SCSI"},
        {"name":"/dev/bus/3","type":"megaraid,8","protocol":"SCSI"},
        {"name":"/dev/bus/3","type":"megaraid,9","protocol":"SCSI"},
        {"name":"/dev/sda","type":"scsi","protocol":"SCSI"}]})");
    std::string hidden = healthy;
    hidden.replace(hidden.find("\"S1\""), 4, "\"S9\"");
    root.write("commands/" + arguments + " -d megaraid,7 _dev_bus_3", hidden);
    root.write("commands/" + arguments + " -d megaraid,8 _dev_bus_3",
               healthy);  // the kernel shows it as sda
}

}  // namespace

TEST_CASE("recorded host: drives with SMART, without, asleep and behind a controller") {
    const test::TemporaryDirectory root;
    write_drives(root);
    const Host host(root.path);
    const Config config;
    const auto ids = smart_collector.subjects(host, config);
    CHECK(ids.size() == 4);
    CHECK(std::count(ids.begin(), ids.end(), "controller-host3") == 1);

    MemorySink sink;
    Context context{
        .host = host, .config = config, .sink = sink, .subject = "", .cursor = "", .once = true};
    REQUIRE(smart_collector.run(context).has_value());
    const auto& seen = sink.observations;
    CHECK(value_of(seen, metric::drive_grown_defects, "EX_S1") == 2);
    CHECK(value_of(seen, metric::drive_read_timestamp_seconds, "EX_S1") == 1700000000);
    CHECK(value_of(seen, metric::drive_temperature_limit_celsius, "EX_S1") == 65);
    CHECK_FALSE(value_of(seen, metric::drive_size_bytes, "EX_S1").has_value());
    // Asleep: only the power state.
    const auto asleep = std::count_if(
        seen.begin(), seen.end(), [](const Observation& one) { return one.subject == "EX_S2"; });
    CHECK(asleep == 1);
    REQUIRE(test::select(seen, metric::drive_power_state, "EX_S2").size() == 1);
    CHECK(test::select(seen, metric::drive_power_state, "EX_S2")[0]->label("state") == "standby");
    // A virtual drive: no error.
    for (const Observation* one : test::select(seen, metric::drive_info)) {
        if (one->subject.find("V1") != std::string::npos) CHECK(one->label("reader") == "none");
    }
    // Behind the controller: each has its own id; an unreadable one is a problem.
    CHECK(value_of(seen, metric::drive_grown_defects, "EXAMPLE_EX10K_S9") == 2);
    CHECK(value_of(seen, metric::drive_read_timestamp_seconds, "EXAMPLE_EX10K_S9") == 1700000000);
    CHECK_FALSE(value_of(seen, metric::drive_grown_defects, "EXAMPLE_EX10K_S1").has_value());
    REQUIRE(sink.problems.size() == 1);
    CHECK(sink.problems[0].first == "/dev/bus/3 -d megaraid,9");

    MemorySink one_sink;
    Context one{.host = host,
                .config = config,
                .sink = one_sink,
                .subject = "EX_S1",
                .cursor = "",
                .once = true};
    REQUIRE(smart_collector.run(one).has_value());
    CHECK(value_of(one_sink.observations, metric::drive_smart_passed, "EX_S1") == 1);
    one.subject = "not-here";
    CHECK_FALSE(smart_collector.run(one).has_value());
}

TEST_CASE("volumes of RAID controllers are recognised, physical drives are not volumes") {
    const test::TemporaryDirectory root;
    const auto add_device = [&](const std::string& name, const std::string& address) {
        const std::string host_name = "host" + address.substr(0, address.find(':'));
        std::string device =
            "sys/devices/pci0000:00/0000:00:06.0/" + host_name + "/target/" + address;
        const std::string sysfs = device + "/block/" + name;
        root.write(sysfs + "/dev", "8:" + std::to_string(16 * (name.back() - 'a')) + "\n");
        root.write(sysfs + "/size", "1000\n");
        root.link(sysfs + "/device", "../../../" + address);
        root.link("sys/class/block/" + name, "../../../" + sysfs);
        return device;
    };
    const auto volume = [&](const std::string& name) {
        const Host host(root.path);
        const auto topology = Topology::read(host, false);
        REQUIRE(topology.has_value());
        for (const auto& [id, drive] : topology->drives) {
            if (drive.device == name) return is_raid_volume(host, drive);
        }
        FAIL("no drive " << name);
        return false;
    };
    root.write("sys/class/scsi_host/host0/proc_name", "megaraid_sas\n");
    add_device("sda", "0:2:0:0");
    add_device("sdb", "0:0:4:0");  // a drive passed through (JBOD)
    root.write("sys/class/scsi_host/host1/proc_name", "aacraid\n");
    root.link("sys/class/scsi_generic/sg2/device",
              "../../../devices/pci0000:00/0000:00:06.0/host1/target/1:0:0:0");
    add_device("sdc", "1:0:0:0");
    add_device("sdd", "1:1:0:0");
    root.write("sys/class/scsi_host/host2/proc_name", "hpsa\n");
    root.link("sys/class/scsi_generic/sg4/device",
              "../../../devices/pci0000:00/0000:00:06.0/host2/target/2:0:0:0");
    root.write(add_device("sde", "2:0:0:0") + "/raid_level", "RAID 1(+0)\n");
    root.write(add_device("sdf", "2:0:1:0") + "/raid_level", "N/A\n");
    root.write("sys/class/scsi_host/host3/proc_name", "mpt3sas\n");
    add_device("sdg", "3:2:0:0");
    CHECK(volume("sda"));
    CHECK_FALSE(volume("sdb"));
    CHECK(volume("sdc"));
    CHECK_FALSE(volume("sdd"));
    CHECK(volume("sde"));
    CHECK_FALSE(volume("sdf"));
    CHECK_FALSE(volume("sdg"));
}

TEST_CASE("every smartctl before 7.3 is too old") {
    const auto taken = [](const char* version) {
        return read_with(print(std::string(R"({"smartctl":{"version":)") + version +
                                   R"(,"exit_status":0},"smart_status":{"passed":true}})",
                               0))
            .has_value();
    };
    for (const char* version : {"[6,6]", "[6,4]", "[7,0]", "[7,2]"})
        CHECK_MESSAGE(!taken(version), version);
    for (const char* version : {"[7,3]", "[7,5]", "[8,0]"}) CHECK_MESSAGE(taken(version), version);
}

TEST_CASE("exit status 3 with an error does not mean sleep") {
    const auto reading = read_with(print(
        R"({"smartctl":{"version":[7,3],"messages":[{"string":"open device failed: Permission denied",)"
        R"("severity":"error"}],"exit_status":3}})",
        3));
    REQUIRE_FALSE(reading.has_value());
    CHECK(reading.error().message.find("Permission denied") != std::string::npos);
}
