// Outputs of backup tools that are not read. They come from commands that need a password, a
// database or a server, which the collectors do not have, or are texts for people; a hook can put
// their facts into the inbox.
#include <doctest/doctest.h>

#include <cstdio>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "collectors/backups/parse/borg_repository.hpp"
#include "collectors/backups/parse/pgbackrest_info.hpp"
#include "tests/support.hpp"

using namespace lastgood;

namespace {

const std::map<std::string, std::string> left_out = {
    {"bareos-", "a job report for people; its catalogue is a database"},
    {"borg-create-progress", "progress, not a record of a finished backup"},
    {"borg-", "borg list and info need the passphrase"},
    {"duplicity-", "a text for people, in local time without a zone"},
    {"kopia-", "kopia needs the password"},
    {"pgbackrest-", "backup.info in the repository says the same"},
    {"restic-", "restic prints no time, or no snapshot at all"},
    {"vzdump-", "a log of a task; proxmox_records_test.cpp reads the lines of one guest"},
    {"zfs-", "a snapshot lies on the pool that it is to protect"},
};

std::vector<std::string> split(const std::string& line, char separator) {
    std::vector<std::string> parts;
    std::stringstream stream(line);
    for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
    return parts;
}

}  // namespace

TEST_CASE("no parser takes the output of a backup tool for a file of a repository") {
    const auto corpora = test::corpora_directory();
    if (!corpora) return;
    std::istringstream index(test::read_file(*corpora + "/INDEX.tsv"));
    size_t rows = 0;
    for (std::string line; std::getline(index, line);) {
        const auto fields = split(line, '\t');
        if (fields.size() < 2 || fields[1] != "backup-tools") continue;
        ++rows;
        const std::string name = fields[0].substr(fields[0].rfind('/') + 1);
        CAPTURE(name);
        const std::string text = test::read_file(*corpora + "/" + fields[0]);
        CHECK_FALSE(parse_pgbackrest_backup_info(text));
        CHECK_FALSE(parse_borg_config(text));
        bool has_reason = false;
        for (const auto& [prefix, reason] : left_out) has_reason |= name.starts_with(prefix);
        if (!has_reason) std::printf("not read, and no reason known: %s\n", name.c_str());
    }
    CHECK(rows > 0);
}
