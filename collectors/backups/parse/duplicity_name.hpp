// Recognises the names of duplicity's files (0.7 to 3.0, without --short-filenames). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/time.hpp"

namespace lastgood {

enum class DuplicityFile { manifest, volume };

struct DuplicityName {
    std::string prefix;  // --file-prefix; the part before "duplicity-"
    DuplicityFile file = DuplicityFile::manifest;
    bool full = true;
    Timestamp base = 0;  // of an increment: the time of the set before it
    Timestamp time = 0;  // when the backup began
    int volume = 0;      // from 1; 0: a manifest
    bool encrypted = false;
};

// "duplicity-full.20261126T121100Z.vol1.difftar.gpg",
// "duplicity-inc.20261126T121100Z.to.20261126T121103Z.manifest". nullopt: another file, also the
// signatures, which a restore does not need.
std::optional<DuplicityName> parse_duplicity_name(std::string_view name);

// Why a manifest is damaged: it is no manifest, or cut off. `last_volume`: of the set, by the names
// of its files. "": it is whole, as far as it shows.
std::string_view what_is_wrong_with_duplicity_manifest(std::string_view manifest, bool encrypted,
                                                       int last_volume);

// How many volumes a manifest in clear lists. nullopt: it is no manifest.
std::optional<int> count_duplicity_volumes(std::string_view manifest);

}  // namespace lastgood
