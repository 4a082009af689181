#include "collectors/arrays/rebuild.hpp"

#include <doctest/doctest.h>

#include "collectors/arrays/check_memory.hpp"
#include "core/metrics/array_risk.hpp"
#include "core/report.hpp"
#include "tests/select.hpp"

using namespace lastgood;

namespace {

MdArray rebuilding(double progress, std::optional<double> speed) {
    MdArray array;
    array.action = parse_md_action("recover");
    array.phase = MdPhase::running;
    array.progress = progress;
    array.speed = speed;
    array.component_bytes = 1e12;
    return array;
}

Topology with_drive(bool rotational) {
    Topology topology;
    Drive drive;
    drive.id = drive.device = "sda";
    drive.rotational = rotational;
    topology.drives.emplace("sda", drive);
    BlockDevice block;
    block.name = "sda";
    block.kind = BlockKind::drive;
    topology.devices.emplace("sda", block);
    return topology;
}

}  // namespace

TEST_CASE("the speed of a rebuild is remembered, and smoothed") {
    CheckMemory memory;
    follow_speed(rebuilding(0.1, 100e6), 1000, memory);
    CHECK(memory.speed == 100e6);
    follow_speed(rebuilding(0.2, 50e6), 1030, memory);
    CHECK(memory.speed == 95e6);
    follow_speed({}, 1060, memory);
    CHECK(memory.speed == 95e6);
    const CheckMemories saved = checks_from_cursor(to_cursor({{"md0", memory}}));
    CHECK(saved.at("md0").speed == 95e6);
    CHECK(saved.at("md0").checked == 0);
    CHECK(checks_from_cursor(R"({"md0":{"checked":5,"speed":-1}})").at("md0").speed == 0);
}

TEST_CASE("without a speed of the kernel it is the progress between two polls") {
    CheckMemory memory;
    follow_speed(rebuilding(0.1, std::nullopt), 1000, memory);
    CHECK(memory.speed == 0);
    follow_speed(rebuilding(0.103, std::nullopt), 1030, memory);
    CHECK(memory.speed == doctest::Approx(100e6));
    follow_speed(rebuilding(0, std::nullopt), 1060, memory);  // begun anew
    CHECK(memory.speed == doctest::Approx(100e6));
}

TEST_CASE("without a measurement the speed is what is usual for the drives") {
    MdArray array;
    array.members.emplace_back().device = "sda";
    CHECK(assumed_speed(with_drive(true), array) == 120e6);
    CHECK(assumed_speed(with_drive(false), array) == 200e6);
    CHECK(assumed_speed({}, array) == 0);
    MemorySink sink;
    array.component_bytes = 4e12;
    const Topology topology = with_drive(true);
    observe_rebuild(array, "md0", 0, &topology, 1000, sink);
    observe_rebuild(array, "md1", 55e6, &topology, 1000, sink);
    observe_rebuild(array, "md2", 0, nullptr, 1000, sink);
    const auto speed = [&](const char* id) {
        return test::select(sink.observations, metric::array_rebuild_bytes_per_second, id);
    };
    CHECK(speed("md0").at(0)->value == 120e6);
    CHECK(speed("md0").at(0)->label("basis") == "assumed");
    CHECK(speed("md1").at(0)->label("basis") == "measured");
    CHECK(speed("md2").empty());
}
