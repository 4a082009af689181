// Counts what lies in a spool, in bounded time and memory. Blocks as long as the filesystem does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/host.hpp"

namespace lastgood {

struct CountLimits {
    Seconds for_names = 20;  // to list the names; more are not counted
    Seconds for_status = 5;  // to ask for sizes and times; of more entries only the number is known
    size_t depth = 16;       // of subdirectories below a path that the pattern matches
    size_t sample = 64;      // names that SpoolCount::sample holds at most
};

struct SpoolCount {
    double entries = 0;
    double bytes = 0;
    // Of the oldest entry; nullopt: there is none, or the filesystem does not tell.
    std::optional<Timestamp> oldest_created, oldest_changed;
    bool all_names = true;                 // false: there may be more entries
    bool all_looked = true;                // false: bytes and times are not those of all entries
    std::optional<Error> unread;           // the first part that could not be read
    std::vector<uint64_t> sample;          // names_of() some entries, chosen at random
    std::unordered_set<uint64_t> present;  // of the watched names, those that are there
};

// What stands for the name of an entry, without its directory: a queue may move it to another one.
uint64_t name_of(const char* entry);

// `pattern` is a path pattern (core/glob.hpp), or a directory without a wildcard. A directory that
// it matches is counted with its subdirectories on the same filesystem; any other file, also a
// link, is an entry. What comes and goes meanwhile may be counted or not. `watched`: names_of()
// entries to look for. Error: absent, if there is no directory in which entries could lie; else why
// it could not be read.
Result<SpoolCount> count_spool(const Host& host, const std::string& pattern,
                               const std::unordered_set<uint64_t>& watched,
                               const CountLimits& limits = {});

}  // namespace lastgood
