// The documents that are generated from the code and kept in the repository.
#include "tools/documents.hpp"

#include <doctest/doctest.h>

#include <sstream>

#include "agent/config_file.hpp"
#include "tests/support.hpp"
#include "tools/manual.hpp"

using namespace lastgood;

TEST_CASE("the generated documents in the repository are up to date") {
    for (const Document& document : generated_documents()) {
        const std::string path = test::tests_directory() + "/../" + std::string(document.path);
        const bool same = test::read_file(path) == document.text;
        CHECK_MESSAGE(same, document.path,
                      " is not what the code says now; run tools/generate and read the difference");
    }
}

TEST_CASE("the shipped configuration sets nothing, and its commented values are the defaults") {
    const std::string shipped = settings_to_example();
    const auto as_shipped = parse_config(shipped, "x.toml");
    REQUIRE(as_shipped.has_value());
    CHECK(to_toml(*as_shipped) == to_toml(Config{}));

    // Uncomments the settings and one backup of each kind.
    for (const BackupKindRow& place : backup_kinds()) {
        if (place.place == BackupPlace::none) continue;
        std::string text;
        std::istringstream lines(shipped);
        for (std::string line; std::getline(lines, line);) {
            bool is_of_other_kind = false;
            for (const BackupKindRow& other : backup_kinds()) {
                if (other.kind == place.kind) continue;
                is_of_other_kind |= line.starts_with("#" + std::string(other.key) + " =");
                for (const std::string_view key : other.own_keys)
                    is_of_other_kind |= !key.empty() && !takes(place, key) &&
                                        line.starts_with("#" + std::string(key) + " =");
            }
            if (!has_copies_at_location(place.kind))
                is_of_other_kind |= line.starts_with("#copies =");
            if (!takes(place, "each") && !place.has_streams)
                is_of_other_kind |= line.starts_with("#slots =");
            // Of [[probe]] only one of its three targets may be set.
            for (const char* other :
                 {"#write =", "#command = [\"/usr/local/bin/write-a", "#user = \"p"})
                is_of_other_kind |= line.starts_with(other);
            if (line.starts_with("#") && !line.starts_with("# ") && !is_of_other_kind)
                line.erase(0, 1);
            text += line + "\n";
        }
        text += "[[backup]]\nname = \"db8-local\"\nstamp = \"/s\"\n";  // of copy_of
        const auto config = parse_config(text, "x.toml");
        CAPTURE(text);
        if (!config) FAIL(config.error().message);
        REQUIRE(config->backups.size() == (has_copies_at_location(place.kind) ? 3 : 2));
        CHECK(config->backups[0].covers.size() == 1);
        CHECK(config->external_collectors.size() == 1);
        CHECK(config->collectors.size() == 1);
        CHECK(config->accepted.size() == 1);
        CHECK(config->elsewhere.size() == 1);
        CHECK(config->spools.size() == 1);
        CHECK(config->probes.size() == 1);
        Config settings = *config;
        settings.backups.clear();
        settings.spools.clear();
        settings.probes.clear();
        settings.accepted.clear();
        settings.elsewhere.clear();
        settings.external_collectors.clear();
        settings.collectors.clear();
        CHECK(to_toml(settings) == to_toml(Config{}));
    }
}
