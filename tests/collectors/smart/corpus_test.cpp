// Every recorded drive output through its explainer, compared with INDEX.tsv.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "collectors/explainer.hpp"
#include "collectors/smart/parse/ata_attributes.hpp"
#include "collectors/smart/parse/atasmart_blob.hpp"
#include "collectors/smart/parse/smartctl_json.hpp"
#include "collectors/smart/parse/smartctl_text.hpp"
#include "core/metrics/drives.hpp"
#include "core/report.hpp"
#include "tests/select.hpp"
#include "tests/support.hpp"

using namespace lastgood;
using lastgood::test::select;

namespace {

struct Recording {
    std::string path, kind, expected;
};

std::vector<Recording> recordings(const std::string& corpora, const std::string& kind) {
    std::vector<Recording> found;
    std::istringstream lines(test::read_file(corpora + "/INDEX.tsv"));
    std::string line;
    while (std::getline(lines, line)) {
        std::vector<std::string> columns;
        std::istringstream cells(line);
        std::string cell;
        while (std::getline(cells, cell, '\t')) columns.push_back(cell);
        if (columns.size() < 4 || columns[1] != kind) continue;
        found.push_back({columns[0], columns[1], columns.size() > 4 ? columns[4] : ""});
    }
    return found;
}

// The word after "key=" in an `expected` column.
std::optional<std::string> expected_word(const std::string& expected, const std::string& key) {
    for (size_t at = expected.find(key + "="); at != std::string::npos;
         at = expected.find(key + "=", at + 1)) {
        if (at != 0 && expected[at - 1] != ' ') continue;
        const size_t start = at + key.size() + 1;
        return expected.substr(start, expected.find_first_of("; ", start) - start);
    }
    return std::nullopt;
}

std::optional<double> expected_number(const std::string& expected, const std::string& key) {
    auto word = expected_word(expected, key);
    if (!word) return std::nullopt;
    std::erase(*word, ',');
    if (word->rfind("0x", 0) == 0) return static_cast<double>(std::stoul(*word, nullptr, 16));
    return std::stod(*word);
}

std::string numbers(const std::set<int>& ids) {
    std::string text;
    for (const int id : ids) text += (text.empty() ? "" : ",") + std::to_string(id);
    return text;
}

struct Seen {
    std::string path;
    std::vector<Observation> observations;
    std::string subject;

    std::optional<double> value(const Metric& metric) const {
        return value_of(observations, metric, subject);
    }
};

Seen explained(const Explainer& explainer, const std::string& path, const std::string& text) {
    ExplainSink sink;
    CHECK_MESSAGE(explainer.recognises(text), path, " is not recognised");
    (void)explainer.explain(text, 1.7e9, sink).has_value();
    Seen seen{path, std::move(sink.observations), ""};
    if (!seen.observations.empty()) seen.subject = seen.observations.front().subject;
    return seen;
}

using Exceptions = std::map<std::string, std::string>;  // "PATH KEY" → why the index is wrong

void check_number(const Seen& seen, const std::string& expected, const std::string& key,
                  const Metric& metric, const Exceptions& exceptions, double factor = 1) {
    const auto wanted = expected_number(expected, key);
    if (!wanted || exceptions.contains(seen.path + " " + key)) return;
    const auto got = seen.value(metric);
    INFO(seen.path, " ", key);
    CHECK(got.value_or(-1) == doctest::Approx(*wanted * factor));
}

// Checks the values that both formats of smartctl have.
void check_drive(const Seen& seen, const std::string& expected, const Exceptions& exceptions) {
    INFO(seen.path);
    if (const auto passed = expected_word(expected, "smart_passed")) {
        CHECK(seen.value(metric::drive_smart_passed).value_or(-1) == (*passed == "true" ? 1 : 0));
    } else {
        CHECK_FALSE(seen.value(metric::drive_smart_passed).has_value());
    }
    check_number(seen, expected, "realloc", metric::drive_reallocated_sectors, exceptions);
    check_number(seen, expected, "pending", metric::drive_pending_sectors, exceptions);
    check_number(seen, expected, "offline_unc", metric::drive_offline_uncorrectable_sectors,
                 exceptions);
    check_number(seen, expected, "reported_unc", metric::drive_reported_uncorrectable_errors_total,
                 exceptions);
    check_number(seen, expected, "media_errors", metric::drive_media_errors_total, exceptions);
    check_number(seen, expected, "percentage_used", metric::drive_used_endurance_ratio, exceptions,
                 0.01);
    check_number(seen, expected, "spare", metric::drive_available_spare_ratio, exceptions, 0.01);
    check_number(seen, expected, "available_spare", metric::drive_available_spare_ratio, exceptions,
                 0.01);
    check_number(seen, expected, "grown_defects", metric::drive_grown_defects, exceptions);
    for (const char* key : {"temp", "temp_raw"}) {
        const auto wanted = expected_number(expected, key);
        if (!wanted || exceptions.contains(seen.path + " " + key)) continue;
        INFO(key);
        if (*wanted == 0) {  // no sensor
            CHECK_FALSE(seen.value(metric::drive_temperature_celsius).has_value());
        } else {
            CHECK(seen.value(metric::drive_temperature_celsius).value_or(-1) == *wanted);
        }
    }
    if (const auto hours = expected_number(expected, "poh_raw");
        hours && !exceptions.contains(seen.path + " poh_raw")) {
        CHECK(std::floor(seen.value(metric::drive_power_on_seconds).value_or(-1) / 3600) == *hours);
    }
    if (const auto bits = expected_number(expected, "critical_warning")) {
        double sum = 0;
        int known = 0;
        const std::vector<std::string> order = {"spare",           "temperature",
                                                "reliability",     "read_only",
                                                "volatile_backup", "persistent_memory"};
        for (const Observation* one : select(seen.observations, metric::drive_critical_warning)) {
            const auto place = std::find(order.begin(), order.end(), one->label("warning"));
            REQUIRE(place != order.end());
            sum += one->value * std::pow(2, place - order.begin());
            ++known;
        }
        CHECK(known == 6);
        CHECK(sum == *bits);
    }
    const auto check_uncorrected = [&](const std::string& operation, const std::string& wanted) {
        if (wanted.empty() || wanted == "-") return;
        bool found = false;
        for (const Observation* one :
             select(seen.observations, metric::drive_uncorrected_errors_total)) {
            if (one->label("operation") != operation) continue;
            found = true;
            CHECK(one->value == std::stod(wanted));
        }
        CHECK_MESSAGE(found, operation);
    };
    if (const auto all = expected_word(expected, "r/w/v")) {
        const size_t first = all->find('/'), second = all->rfind('/');
        check_uncorrected("read", all->substr(0, first));
        check_uncorrected("write", all->substr(first + 1, second - first - 1));
        check_uncorrected("verify", all->substr(second + 1));
    }
    for (const char* operation : {"read", "write", "verify"}) {
        check_uncorrected(operation, expected_word(expected, operation).value_or(""));
    }
}

}  // namespace

TEST_CASE("recorded smartctl JSON matches INDEX.tsv") {
    const auto corpora = test::corpora_directory();
    if (!corpora) return;
    const Exceptions exceptions = {};
    const auto files = recordings(*corpora, "smartctl-json");
    REQUIRE(files.size() > 100);
    for (const Recording& file : files) {
        const std::string text = test::read_file(*corpora + "/" + file.path);
        const Seen seen = explained(smartctl_json_explainer, file.path, text);
        check_drive(seen, file.expected, exceptions);
        CHECK_FALSE(nvme_json_explainer.recognises(text));
        CHECK_FALSE(smartctl_text_explainer.recognises(text));
        const auto answer = parse_smartctl_json(text);
        REQUIRE(answer.has_value());
        if (const auto status = expected_number(file.expected, "exit_status")) {
            CHECK(answer->exit_status == static_cast<int>(*status));
        }
        const size_t devices = file.expected.find(" devices");
        CHECK(answer->is_scan == (devices != std::string::npos));
    }
}

TEST_CASE("recorded smartctl text matches INDEX.tsv") {
    const auto corpora = test::corpora_directory();
    if (!corpora) return;
    const std::string packed = "the counter is in the low 32 of 48 bits; others are above it";
    const std::string offset = "Intel's 330 and 520 series start at 894,794 hours";
    const std::string rate = "SandForce reports an error rate in 187 (pre-fail, no event count)";
    const std::string bogus = "the drive database itself calls this attribute bogus";
    const std::string unused = "the drive database names this attribute Not_In_Use";
    const std::string folder = "smartctl-text/";
    const Exceptions exceptions = {
        {folder + "ed-hdd-gj0250eagsq-7f5501.txt reported_unc", packed},
        {folder + "ed-ssd-2e256-tu2-510b00-8a422e.txt offline_unc", packed},
        {folder + "ed-ssd-2e256-tu2-510b00-8ca9f7.txt offline_unc", packed},
        {folder + "ed-ssd-ct1000mx500ssd1-b4fad4.txt pending", bogus},
        {folder + "ed-ssd-intel-ssdsc2bw120a3f-38751a.txt reported_unc", rate},
        {folder + "ed-ssd-intel-ssdsc2cw120a3-662ec0.txt reported_unc", rate},
        {folder + "ed-ssd-intel-ssdsc2bw120a3f-38751a.txt poh_raw", offset},
        {folder + "ed-ssd-intel-ssdsc2cw120a3-662ec0.txt poh_raw", offset},
        {folder + "ed-ssd-kingston-suv300s37a120g-15a7c8.txt pending", unused},
        {folder + "ed-ssd-kingston-suv300s37a240g-247e04.txt pending", unused},
        {folder + "ed-ssd-kingston-suv300s37a240g-e934e5.txt pending", unused},
    };
    const auto files = recordings(*corpora, "smartctl-text");
    REQUIRE(files.size() > 250);
    for (const Recording& file : files) {
        const std::string text = test::read_file(*corpora + "/" + file.path);
        const Seen seen = explained(smartctl_text_explainer, file.path, text);
        check_drive(seen, file.expected, exceptions);
        const auto answers = parse_smartctl_text(text);
        REQUIRE_FALSE(answers.empty());
        std::set<int> now, past;
        for (const AtaAttribute& attribute : answers.front().health.attributes) {
            INFO(file.path, " attribute ", attribute.id);
            CHECK(failing_now(attribute) == attribute.reported_failing_now);
            if (failing_now(attribute)) now.insert(attribute.id);
            if (attribute.reported_failed_in_past) past.insert(attribute.id);
            CHECK(failed_in_past(attribute) == attribute.reported_failed_in_past);
        }
        INFO(file.path);
        if (const auto ids = expected_word(file.expected, "failing_now"))
            CHECK(numbers(now) == *ids);
        if (const auto ids = expected_word(file.expected, "failed_past")) {
            CHECK(numbers(past) == *ids);
        }
    }
}

TEST_CASE("recorded nvme JSON matches INDEX.tsv") {
    const auto corpora = test::corpora_directory();
    if (!corpora) return;
    const auto files = recordings(*corpora, "nvme-json");
    REQUIRE(files.size() > 5);
    for (const Recording& file : files) {
        const std::string text = test::read_file(*corpora + "/" + file.path);
        CHECK_FALSE(smartctl_json_explainer.recognises(text));
        const Seen seen = explained(nvme_json_explainer, file.path, text);
        INFO(file.path);
        const auto kelvin = expected_number(file.expected, "temperature");
        if (!kelvin) continue;
        CHECK(*seen.value(metric::drive_temperature_celsius) == *kelvin - 273);
        CHECK(*seen.value(metric::drive_available_spare_ratio) ==
              *expected_number(file.expected, "avail_spare") / 100);
        CHECK(*seen.value(metric::drive_used_endurance_ratio) ==
              *expected_number(file.expected, "percent_used") / 100);
        CHECK(*seen.value(metric::drive_media_errors_total) ==
              *expected_number(file.expected, "media_errors"));
        CHECK(*seen.value(metric::drive_smart_passed) == 1);
    }
}

TEST_CASE("recorded libatasmart blobs match INDEX.tsv") {
    const auto corpora = test::corpora_directory();
    if (!corpora) return;
    const auto files = recordings(*corpora, "atasmart-blob");
    REQUIRE(files.size() > 8);
    for (const Recording& file : files) {
        const std::string bytes = test::read_file(*corpora + "/" + file.path);
        const Seen seen = explained(atasmart_blob_explainer, file.path, bytes);
        INFO(file.path);
        const auto health = parse_atasmart_blob(bytes);
        REQUIRE(health.has_value());
        CHECK(*seen.value(metric::drive_smart_passed) ==
              *expected_number(file.expected, "smart_good"));
        const auto attributes =
            std::stoul(file.expected.substr(file.expected.find(" attributes") - 2));
        CHECK(health->attributes.size() == attributes);
        // Raw values, before they are unpacked.
        const std::pair<const char*, int> raws[] = {{"raw48_realloc", 5},
                                                    {"raw48_pending", 197},
                                                    {"raw48_offline_unc", 198},
                                                    {"raw48_poh", 9}};
        for (const auto& [key, id] : raws) {
            const auto wanted = expected_word(file.expected, key);
            for (const AtaAttribute& attribute : health->attributes) {
                if (attribute.id == id && wanted) CHECK(std::to_string(*attribute.raw) == *wanted);
            }
        }
        // skdump's bad sectors are the sum of reallocated and pending sectors.
        if (const auto bad = expected_word(file.expected, "bad_sectors"); bad && *bad != "No") {
            CHECK(seen.value(metric::drive_reallocated_sectors).value_or(0) +
                      seen.value(metric::drive_pending_sectors).value_or(0) ==
                  std::stod(*bad));
        }
        if (const auto celsius = expected_word(file.expected, "temperature");
            celsius && *celsius != "No") {
            CHECK(*seen.value(metric::drive_temperature_celsius) == std::stod(*celsius));
        } else {
            CHECK_FALSE(seen.value(metric::drive_temperature_celsius).has_value());
        }
        CHECK(*seen.value(metric::drive_power_on_seconds) < 12.0 * 365 * 86400);
    }
}
