#include "collectors/witnesses/memory.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/bytes.hpp"
#include "core/files.hpp"
#include "core/json_value.hpp"

namespace lastgood {

namespace {

using nlohmann::json;

constexpr size_t most_filesystems = 256, most_witnesses = 4;
constexpr Seconds forgotten_after = 366 * 86400.0;

double time_in(const json& object, const char* key, Timestamp now) {
    const double time = number_in(object, key).value_or(0);
    return time > 0 ? std::min(time, now) : 0;  // the clock may have been set back
}

WitnessPast witness_of(const json& list, Timestamp now) {
    std::vector<Sighting> sightings;
    for (const json& one : list) {
        const bool sound = one.is_array() && one.size() == 3 && one[0].is_number() &&
                           one[1].is_number() && one[2].is_number();
        if (sound)
            sightings.push_back({one[0].get<double>(), one[1].get<double>(), one[2].get<double>()});
    }
    WitnessPast past;
    past.load(sightings, now);
    return past;
}

FilesystemPast filesystem_of(const json& object, Timestamp now) {
    FilesystemPast past;
    past.seen = time_in(object, "seen", now);
    past.device = text_in(object, "device");
    past.doubtful_since = time_in(object, "doubtful_since", now);
    const json& witnesses = value_in(object, "witnesses");
    if (witnesses.is_object())
        for (const auto& [name, list] : witnesses.items())
            if (list.is_array() && past.witnesses.size() < most_witnesses)
                past.witnesses.emplace(name, witness_of(list, now));
    const json& back = value_in(object, "rolled_back");
    const RolledBack found{.found = time_in(back, "found", now),
                           .from = time_in(back, "from", now),
                           .to = time_in(back, "to", now),
                           .oldest = time_in(back, "oldest", now)};
    if (found.found == 0 || found.from == 0) return past;
    past.rolled_back = found;
    past.told_by = text_in(back, "told_by");
    return past;
}

json to_json(const FilesystemPast& past) {
    json witnesses = json::object();
    for (const auto& [name, witness] : past.witnesses) {
        json& list = witnesses[name] = json::array();
        for (const Sighting& one : witness.sightings())
            list.push_back({one.at, one.count, one.saved});
    }
    json object{{"seen", past.seen}, {"device", past.device}, {"witnesses", witnesses}};
    if (past.doubtful_since > 0) object["doubtful_since"] = past.doubtful_since;
    if (past.rolled_back)
        object["rolled_back"] = {{"found", past.rolled_back->found},
                                 {"from", past.rolled_back->from},
                                 {"to", past.rolled_back->to},
                                 {"oldest", past.rolled_back->oldest},
                                 {"told_by", past.told_by}};
    return object;
}

}  // namespace

WitnessMemory parse_witness_memory(const json& document, Timestamp now) {
    WitnessMemory memory;
    const json& list = value_in(document, "filesystems");
    if (!list.is_array()) return memory;
    for (const json& one : list) {
        const std::string uuid = text_in(one, "uuid"), point = text_in(one, "point");
        if (!uuid.empty() && !point.empty() && memory.size() < most_filesystems)
            memory.emplace(std::pair(uuid, point), filesystem_of(one, now));
    }
    std::erase_if(memory,
                  [&](const auto& entry) { return entry.second.seen < now - forgotten_after; });
    return memory;
}

json to_json(const WitnessMemory& memory) {
    json list = json::array();
    for (const auto& [key, past] : memory) {
        if (list.size() >= most_filesystems) break;
        json object = to_json(past);
        object["uuid"] = key.first;
        object["point"] = key.second;
        list.push_back(std::move(object));
    }
    return {{"filesystems", list}};
}

WitnessMemoryFile::WitnessMemoryFile(const Host& host, const std::string& state_directory)
    : host_(host) {
    if (host.recorded() || state_directory.empty()) return;
    if (open_own_directory(state_directory)) directory_ = state_directory;
}

WitnessMemory WitnessMemoryFile::load(std::optional<Error>& problem) const {
    if (directory_.empty()) return {};
    const std::string path = directory_ + "/witnesses.json";
    const auto text = host_.read(path, 16 * mib);
    if (!text) {
        if (text.error().kind != ErrorKind::absent) problem = text.error();
        return {};
    }
    const json document = parse_json(*text);
    if (!document.is_object()) {
        problem = {ErrorKind::malformed,
                   fmt::format("{}: is damaged: what went back before now is not known", path)};
        return {};
    }
    return parse_witness_memory(document, host_.now());
}

Result<void> WitnessMemoryFile::save(const WitnessMemory& memory) const {
    if (directory_.empty()) return {};
    const std::string text = to_json(memory).dump(-1, ' ', false, json::error_handler_t::replace);
    return write_file(directory_ + "/witnesses.json", text, Synced::yes, 0600);
}

}  // namespace lastgood
