#include "core/facts.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/metrics/arrays.hpp"
#include "core/metrics/drives.hpp"

using namespace lastgood;

namespace {

Report with_drives(const std::vector<std::string>& devices) {
    Report report;
    for (const std::string& device : devices)
        report.observations.push_back({&metric::drive_info,
                                       "id-" + device,
                                       {{"device", device}, {"serial", "S-" + device}},
                                       1,
                                       5});
    return report;
}

}  // namespace

TEST_CASE("a partition's name finds its drive") {
    const Report report = with_drives({"sda", "sdaa", "nvme0n1", "mmcblk0"});
    const Facts facts(report);
    const auto named = [&](std::string_view word) {
        std::string found;
        for (const Subject* subject : facts.named(word)) found += subject->name() + " ";
        return found;
    };
    for (const auto& [word, drive] : {std::pair("sda", "sda "),
                                      {"/dev/sda", "sda "},
                                      {"sda1", "sda "},
                                      {"sda12", "sda "},
                                      {"sdaa", "sdaa "},
                                      {"sdaa3", "sdaa "},
                                      {"nvme0n1", "nvme0n1 "},
                                      {"nvme0n1p2", "nvme0n1 "},
                                      {"mmcblk0p1", "mmcblk0 "},
                                      {"s-SDA", "sda "},
                                      {"id-sda", "sda "},
                                      {"nvme0n12", ""},
                                      {"nvme0n1p", ""},
                                      {"nvme0n1px", ""},
                                      {"sdap1", ""},
                                      {"sdab", ""},
                                      {"sda1x", ""},
                                      {"sd", ""},
                                      {"", ""}}) {
        const std::string_view asked = word;  // a lambda of clang 14 takes no structured binding
        CAPTURE(asked);
        CHECK(named(asked) == drive);
    }
}

TEST_CASE("an id that is a device's name is found below /dev, too") {
    Report report;
    report.observations.push_back({&metric::array_present, "md0", {}, 1, 5});
    const Facts facts(report);
    for (const char* word : {"md0", "/dev/md0"}) {
        CAPTURE(word);
        REQUIRE(facts.named(word).size() == 1);
        CHECK(facts.named(word)[0]->id == "md0");
    }
}

TEST_CASE("an array of LVM has the name of its volume, and each of its names finds it") {
    Report report;
    const auto array = [&](std::string id, std::string device, std::string metadata,
                           std::string name) {
        report.observations.push_back({&metric::array_info,
                                       std::move(id),
                                       {{"device", std::move(device)},
                                        {"metadata", std::move(metadata)},
                                        {"name", std::move(name)}},
                                       1,
                                       5});
    };
    array("dm-uuid-LVM-1", "dm-4", "dm-raid", "vg-0/data");
    array("md-uuid-2", "md127", "1.2", "db8:0");
    const Facts facts(report);
    CHECK(facts.find(SubjectKind::array, "dm-uuid-LVM-1")->name() == "vg-0/data");
    CHECK(facts.find(SubjectKind::array, "md-uuid-2")->name() == "md127");
    for (const char* word : {"vg-0/data", "/dev/vg-0/data", "vg--0-data", "/dev/mapper/vg--0-data",
                             "dm-4", "/dev/dm-4", "dm-uuid-LVM-1"}) {
        CAPTURE(word);
        const auto found = facts.named(word);
        REQUIRE(found.size() == 1);
        CHECK(found.front()->id == "dm-uuid-LVM-1");
    }
}

TEST_CASE("natural order puts sdaa after sdz and md10 after md2") {
    const std::vector<std::string_view> sorted = {"disk7",   "disk10",  "md2",      "md10",
                                                  "nvme0n1", "nvme2n1", "nvme10n1", "sda",
                                                  "sdb",     "sdz",     "sdaa",     "sdab"};
    auto mixed = sorted;
    std::ranges::reverse(mixed);
    std::ranges::sort(mixed, natural_less);
    CHECK(mixed == sorted);
    CHECK(natural_less("/srv/z", "/srv/\u30d0"));  // the same on every architecture
    CHECK(natural_less("disk007", "disk8"));
    CHECK_FALSE(natural_less("disk8", "disk007"));
    CHECK_FALSE(natural_less("sda", "sda"));
}

TEST_CASE("a subject's severity is that of its worst finding") {
    Report report;
    for (const Severity severity : {Severity::warning, Severity::critical, Severity::unknown})
        report.findings.push_back({"rule", severity, SubjectKind::drive, "d", "", {}, 0});
    const Facts facts(report);
    CHECK(facts.find(SubjectKind::drive, "d")->worst == Severity::critical);
    CHECK(facts.find(SubjectKind::array, "d") == nullptr);
}
