#include "collectors/smart/parse/ata_attributes.hpp"

#include <doctest/doctest.h>

using namespace lastgood;

namespace {

DriveHealth seagate() {
    DriveHealth drive;
    drive.model = "ST4000XX000-1AB101";
    drive.protocol = DriveProtocol::ata;
    drive.rotational = true;
    return drive;
}

DriveHealth drive_of(const std::string& model, AtaAttribute attribute) {
    DriveHealth drive;
    drive.model = model;
    drive.protocol = DriveProtocol::ata;
    drive.attributes.push_back(std::move(attribute));
    return drive;
}

AtaAttribute raw(int id, uint64_t value, const std::string& text = "") {
    AtaAttribute attribute;
    attribute.id = id;
    attribute.raw = value;
    attribute.raw_text = text;
    return attribute;
}

AtaAttribute printed(int id, const std::string& text, const std::string& name = "") {
    AtaAttribute attribute;
    attribute.id = id;
    attribute.raw_text = text;
    attribute.name = name;
    return attribute;
}

AtaAttribute normalized(int id, int value, const std::string& name, uint64_t raw_value) {
    AtaAttribute attribute = raw(id, raw_value);
    attribute.normalized = value;
    attribute.name = name;
    return attribute;
}

}  // namespace

TEST_CASE("packed raw values of Seagate are unpacked") {
    const DriveHealth drive = seagate();
    // 1 and 7: operations in the low 32 bits, errors above.
    CHECK(unpacked_raw(raw(1, 104717637, "104717637"), drive) == 0);
    CHECK(unpacked_raw(raw(7, (3ULL << 32) | 4711), drive) == 3);
    // 188: three 16-bit counters; the lowest is the total.
    CHECK(unpacked_raw(raw(188, 0x0004'0004'0004, "17180131332"), drive) == 4);
    CHECK(unpacked_raw(raw(188, 0x0001'0002'0009), drive) == 9);
    CHECK(unpacked_raw(raw(188, 65537), drive) == 1);
    CHECK(unpacked_raw(raw(188, 12), drive) == 12);
    CHECK(unpacked_raw(printed(188, "10 50 50"), drive) == 50);
    // 240: hours in the low 32 bits, milliseconds above; longer than a double's 53 bits.
    CHECK(unpacked_raw(raw(240, (0x31ba00ULL << 32) | 46922), drive) == 46922);
    // Other vendors do not pack attribute 1.
    CHECK(unpacked_raw(raw(1, 104717637), drive_of("WDC WD40XXXX", raw(1, 0))) == 104717637);
    CHECK(unpacked_raw(raw(1, 17), drive_of("ST1000XX024 HN-M101XYZ", raw(1, 0))) == 17);
}

TEST_CASE("counters with other values packed above them") {
    CHECK(summarise_attributes(drive_of("X", raw(5, 8589934592000))).reallocated_sectors == 0);
    CHECK(summarise_attributes(drive_of("X", printed(5, "0 (2000 0)"))).reallocated_sectors == 0);
    CHECK(summarise_attributes(drive_of("X", printed(5, "712 (0 5)"))).reallocated_sectors == 712);
    CHECK(summarise_attributes(drive_of("X", raw(197, 624))).pending_sectors == 624);
    CHECK(summarise_attributes(drive_of("X", printed(197, "7", "Not_In_Use"))).pending_sectors ==
          std::nullopt);
    CHECK(
        summarise_attributes(drive_of("X", printed(199, "0x000000000007"))).interface_crc_errors ==
        7);
    CHECK(summarise_attributes(drive_of("X", raw(187, 3))).reported_uncorrectable_errors == 3);
    AtaAttribute rate = raw(187, 181540279);
    rate.prefail = rate.error_rate = true;
    CHECK(summarise_attributes(drive_of("X", rate)).reported_uncorrectable_errors == std::nullopt);

    SUBCASE("a firmware that uses 197 and 198 for something else") {
        DriveHealth drive = drive_of("FUJITSU MHY2120BH", raw(197, 120173136838658));
        drive.attributes.push_back(raw(198, 54670830665731));
        drive.firmware = "0085000B";
        CHECK(summarise_attributes(drive).pending_sectors == std::nullopt);
        CHECK(summarise_attributes(drive).offline_uncorrectable_sectors == std::nullopt);
    }
    SUBCASE("a bogus pending sector") {
        const std::string name = "Bogus_Current_Pend_Sect";
        CHECK(summarise_attributes(drive_of("X", printed(197, "1", name))).pending_sectors ==
              std::nullopt);
        CHECK(summarise_attributes(drive_of("X", printed(197, "0", name))).pending_sectors == 0);
        CHECK(summarise_attributes(drive_of("CT500MX500SSD1", raw(197, 1))).pending_sectors ==
              std::nullopt);
        CHECK(summarise_attributes(drive_of("CT500MX500SSD1", raw(197, 9))).pending_sectors == 9);
    }
}

TEST_CASE("power-on time in the units of each vendor") {
    const auto hours = [](const DriveHealth& drive) -> double {
        const auto seconds = summarise_attributes(drive).power_on_seconds;
        return seconds ? *seconds / 3600 : -1;
    };
    CHECK(hours(drive_of("X", raw(9, 4742))) == 4742);
    CHECK(hours(drive_of("X", printed(9, "4742h+30m+00.000s"))) == 4742.5);
    CHECK(hours(drive_of("X", printed(9, "20188 (88 103 0)"))) == 20188);
    CHECK(hours(seagate()) == -1);
    // Milliseconds above the hours: the printed form and the integer agree.
    CHECK(hours(drive_of("ST1", raw(9, 9023116403587028, "47060h+35m+00.858s"))) ==
          doctest::Approx(47060.5836));
    CHECK(hours(drive_of("ST1", raw(9, 9023116403587028))) == 47060);
    // 24 bits of hours, with three small counters above.
    CHECK(hours(drive_of("X", raw(9, 0x2a18'0001'3a61ULL | (7ULL << 24)))) == 0x13a61);
    CHECK(hours(drive_of("Maxtor 6Y080L0", raw(9, 6000))) == 100);
    CHECK(hours(drive_of("SAMSUNG MP0804H", raw(9, 12000))) == 100);
    CHECK(hours(drive_of("SAMSUNG SP0812N", raw(9, 12000))) == 12000);
    CHECK(hours(drive_of("FUJITSU MHT2060AT", raw(9, 360000))) == 100);
    DriveHealth fujitsu = drive_of("FUJITSU MHY2120BH", raw(9, 6000));
    CHECK(hours(fujitsu) == 6000);
    fujitsu.firmware = "0085000B";
    CHECK(hours(fujitsu) == 100);
    CHECK(hours(drive_of("INTEL SSDSC2CW120A3", printed(9, "894800h+00m+00.000s"))) == 6);
    CHECK(hours(drive_of("X", raw(9, 16000000))) == -1);  // implausible
}

TEST_CASE("temperature: low byte, tenths, attribute 190 if 194 has none") {
    const auto celsius = [](const DriveHealth& drive) -> double {
        return summarise_attributes(drive).temperature_celsius.value_or(-99);
    };
    CHECK(celsius(drive_of("X", raw(194, 34))) == 34);
    CHECK(celsius(drive_of("X", raw(194, 0x0000'002d'0011'0022ULL))) == 34);
    CHECK(celsius(drive_of("X", raw(194, 77309411352, "24 (0 18 0 0 0)"))) == 24);
    CHECK(celsius(drive_of("X", printed(194, "27 (Min/Max -5/55)"))) == 27);
    CHECK(celsius(drive_of("X", raw(194, 0xf6))) == -10);
    CHECK(celsius(drive_of("SAMSUNG SV1204H", raw(194, 285))) == 28.5);
    CHECK(celsius(drive_of("X", raw(194, 0))) == -99);
    CHECK(celsius(drive_of("X", raw(190, 554958872))) == 24);
    DriveHealth both = drive_of("X", raw(190, 45));
    both.attributes.push_back(raw(194, 41));
    CHECK(celsius(both) == 41);
    both.attributes[1].raw = 0;
    CHECK(celsius(both) == 45);
}

TEST_CASE("failing now and failed in the past") {
    AtaAttribute attribute;
    attribute.id = 5;
    attribute.normalized = 10;
    attribute.worst = 10;
    attribute.threshold = 10;
    CHECK(failing_now(attribute));
    CHECK_FALSE(failed_in_past(attribute));
    attribute.normalized = 11;
    CHECK_FALSE(failing_now(attribute));
    CHECK(failed_in_past(attribute));
    attribute.threshold = 0;
    attribute.normalized = 0;
    CHECK_FALSE(failing_now(attribute));
    CHECK_FALSE(failed_in_past(attribute));
    attribute.threshold.reset();  // the source prints a verdict, but no threshold
    attribute.reported_failing_now = true;
    CHECK(failing_now(attribute));
}

TEST_CASE("used endurance of solid-state drives, if the vendor is known") {
    const auto used = [](const std::string& model, AtaAttribute attribute) -> double {
        return summarise_attributes(drive_of(model, std::move(attribute)))
            .used_endurance_ratio.value_or(-1);
    };
    CHECK(used("Samsung SSD 860 XYZ", normalized(177, 97, "Wear_Leveling_Count", 42)) ==
          doctest::Approx(0.03));
    CHECK(used("Other SSD", normalized(177, 97, "Wear_Leveling_Count", 42)) == -1);
    // The name says "Remain", but a raw value of 100 means used up.
    CHECK(used("Crucial_CT250XX200", normalized(202, 0, "Percent_Lifetime_Remain", 100)) == 1);
    CHECK(used("Micron_5100_XX", normalized(202, 92, "Percent_Lifetime_Remain", 8)) ==
          doctest::Approx(0.08));
    CHECK(used("WDC WD10XXXX", normalized(202, 100, "Data_Address_Mark_Errs", 0)) == -1);
    CHECK(used("INTEL SSDSC2XX", normalized(233, 72, "Media_Wearout_Indicator", 0)) ==
          doctest::Approx(0.28));
    CHECK(used("Patriot XX", normalized(233, 72, "Media_Wearout_Indicator", 0)) == -1);
    CHECK(used("KINGSTON SV300", normalized(231, 10, "SSD_Life_Left", 1)) == doctest::Approx(0.9));
    CHECK(used("KINGSTON SV300", normalized(231, 96, "Temperature_Celsius", 4)) == -1);
}
