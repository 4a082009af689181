#include "collectors/latency/memory.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/bytes.hpp"
#include "core/files.hpp"
#include "core/json_value.hpp"

namespace lastgood {

namespace {

using nlohmann::json;

constexpr size_t most_entries = 256;
constexpr size_t most_episodes = 8;
constexpr std::array direction_keys{"read", "write"};

double number_between(const json& object, const char* key, double least, double most) {
    const auto number = number_in(object, key);
    return number && *number >= least && *number <= most ? *number : 0;
}

// Numbers to four digits are enough, and short.
double rounded(double value) {
    return std::round(value * 1e4) / 1e4;
}

json bins_to_json(const OwnPast& past) {
    json bins = json::object();
    for (size_t i = 0; i < past.bins().size(); ++i) {
        const OwnPast::Bin& bin = past.bins()[i];
        if (bin.count > 0)
            bins[std::to_string(i)] = {rounded(static_cast<double>(bin.mean)),
                                       rounded(static_cast<double>(bin.deviation)),
                                       static_cast<double>(bin.count)};
    }
    return bins;
}

void read_bins(const json& object, OwnPast& past) {
    for (size_t i = 0; i < past.bins().size(); ++i) {
        const json& bin = value_in(object, std::to_string(i).c_str());
        if (!bin.is_array() || bin.size() != 3) continue;
        std::array<double, 3> values{};
        for (size_t k = 0; k < 3; ++k) values[k] = bin[k].is_number() ? bin[k].get<double>() : NAN;
        const auto& [mean, deviation, count] = values;
        if (!(std::abs(mean) < 50 && deviation >= 0 && deviation < 50 && count > 0 && count < 1e7))
            continue;
        past.bins()[i] = {static_cast<float>(mean), static_cast<float>(deviation),
                          static_cast<float>(count)};
    }
}

DrivePast drive_of(const json& object, Timestamp now) {
    DrivePast past;
    past.known_since = number_between(object, "known_since", 0, now);
    if (past.known_since == 0) past.known_since = now;
    for (size_t i = 0; i < past.parts.size(); ++i) {
        const json& from = value_in(object, direction_keys[i]);
        DrivePast::Part& part = past.parts[i];
        part.usual = number_between(from, "usual", 0, 1);
        part.offset = number_between(from, "offset", -1.1, 1.1);
        part.judged = number_between(from, "judged", 0, 1e9);
        part.slow_week = number_between(from, "slow_week", 0, 20000);
        read_bins(value_in(from, "past"), part.past);
    }
    const json& slow = value_in(object, "slow");
    past.slow_since = number_between(slow, "since", 0, now);
    past.slow_direction =
        text_in(slow, "operation") == "write" ? Direction::write : Direction::read;
    past.slow_latency = number_between(slow, "latency", 0, 1e6);
    past.slow_compared = number_between(slow, "compared_with", 0, 1e6);
    past.slow_siblings = static_cast<size_t>(number_between(slow, "siblings", 0, 10000));
    if (past.slow_latency == 0 || past.slow_compared == 0) past.slow_since = 0;
    return past;
}

json to_json(const DrivePast& past) {
    json object{{"known_since", past.known_since}};
    for (size_t i = 0; i < past.parts.size(); ++i) {
        const DrivePast::Part& part = past.parts[i];
        object[direction_keys[i]] = {{"usual", rounded(part.usual)},
                                     {"offset", rounded(part.offset)},
                                     {"judged", part.judged},
                                     {"slow_week", rounded(part.slow_week)},
                                     {"past", bins_to_json(part.past)}};
    }
    if (past.slow_since != 0)
        object["slow"] = {{"since", past.slow_since},
                          {"operation", direction_keys[index(past.slow_direction)]},
                          {"latency", past.slow_latency},
                          {"compared_with", past.slow_compared},
                          {"siblings", past.slow_siblings}};
    return object;
}

std::vector<Episode> episodes_of(const json& list, Timestamp now) {
    std::vector<Episode> episodes;
    if (!list.is_array()) return episodes;
    for (const json& one : list) {
        const Episode episode{number_between(one, "ended", 0, now),
                              number_between(one, "length", 0, 1e6)};
        if (episode.ended > 0 && episode.length > 0 && episodes.size() < most_episodes)
            episodes.push_back(episode);
    }
    return episodes;
}

}  // namespace

PaceMemory parse_pace_memory(const json& document, Timestamp now) {
    PaceMemory memory;
    const json& drives = value_in(document, "drives");
    if (drives.is_object())
        for (const auto& [id, drive] : drives.items())
            if (drive.is_object() && memory.drives.size() < most_entries)
                memory.drives.emplace(id, drive_of(drive, now));
    const json& groups = value_in(document, "groups");
    if (groups.is_object())
        for (const auto& [name, group] : groups.items())
            if (group.is_object() && memory.groups.size() < most_entries)
                for (size_t i = 0; i < direction_keys.size(); ++i)
                    memory.groups[name][i] = episodes_of(value_in(group, direction_keys[i]), now);
    return memory;
}

json to_json(const PaceMemory& memory) {
    json drives = json::object(), groups = json::object();
    for (const auto& [id, past] : memory.drives)
        if (drives.size() < most_entries) drives[id] = to_json(past);
    for (const auto& [name, episodes] : memory.groups) {
        if (groups.size() >= most_entries) break;
        json& group = groups[name] = json::object();
        for (size_t i = 0; i < direction_keys.size(); ++i) {
            group[direction_keys[i]] = json::array();
            for (const Episode& one : episodes[i])
                group[direction_keys[i]].push_back({{"ended", one.ended}, {"length", one.length}});
        }
    }
    return {{"drives", drives}, {"groups", groups}};
}

PaceMemoryFile::PaceMemoryFile(const Host& host, const std::string& state_directory) : host_(host) {
    if (host.recorded() || state_directory.empty()) return;
    if (open_own_directory(state_directory)) directory_ = state_directory;
}

PaceMemory PaceMemoryFile::load(std::optional<Error>& problem) const {
    if (directory_.empty()) return {};
    const std::string path = directory_ + "/latency.json";
    const auto text = host_.read(path, 4 * mib);
    if (!text) {
        if (text.error().kind != ErrorKind::absent) problem = text.error();
        return {};
    }
    const json document = parse_json(*text);
    if (!document.is_object()) {
        problem = {ErrorKind::malformed,
                   fmt::format("{}: is damaged: what is usual here is learned anew", path)};
        return {};
    }
    return parse_pace_memory(document, host_.now());
}

Result<void> PaceMemoryFile::save(const PaceMemory& memory) const {
    if (directory_.empty()) return {};
    const std::string text = to_json(memory).dump(-1, ' ', false, json::error_handler_t::replace);
    return write_file(directory_ + "/latency.json", text, Synced::yes, 0600);
}

}  // namespace lastgood
