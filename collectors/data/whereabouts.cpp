#include "collectors/data/whereabouts.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/bytes.hpp"
#include "core/files.hpp"
#include "core/json_value.hpp"
#include "core/udev_record.hpp"

namespace lastgood {

namespace {

using nlohmann::json;

constexpr size_t most_paths = 2000;
constexpr size_t longest_text = 4096;
// What is known of a path is written anew at most so often while nothing else changes.
constexpr Seconds coarse = 86400;

Timestamp time_in(const json& object, const char* key, Timestamp now) {
    const auto time = number_in(object, key);
    return time && *time > 0 && *time <= now ? *time : 0;
}

}  // namespace

Spot spot_of(const Host& host, const Topology& topology, const Place& place) {
    Spot spot{place.path, "", place.inside()};
    if (place.mount == nullptr) return spot;
    const BlockDevice* device = topology.device(place.mount->number);
    if (device != nullptr)
        spot.filesystem = read_udev_record(host, device->number).property("ID_FS_UUID");
    if (spot.filesystem.empty())
        spot.filesystem = fmt::format("{} {}", place.mount->type, place.mount->source);
    return spot;
}

void note(WhereaboutsByPath& known, const std::string& path, const Sighting& seen, Timestamp now) {
    const auto found = known.find(path);
    if (!seen.backup.empty()) {
        Whereabouts& one = known[path];
        if (one.lost_at != 0 || now - one.covered_at >= coarse || now < one.covered_at)
            one.covered_at = now;
        one = {seen.kind, seen.title, seen.spot, seen.backup, one.covered_at, 0, ""};
        return;
    }
    if (found == known.end()) return;
    if (seen.excused) {
        known.erase(found);
        return;
    }
    Whereabouts& one = found->second;
    const std::string to = seen.spot == one.spot ? "" : seen.at;
    if (one.lost_at != 0 && one.to.empty() == to.empty()) return;
    one.to = to;
    one.lost_at = !to.empty() && seen.link && *seen.link > one.covered_at && *seen.link <= now
                      ? *seen.link
                      : now;
}

WhereaboutsByPath parse_whereabouts(const json& document, Timestamp now) {
    WhereaboutsByPath known;
    const json& paths = value_in(document, "paths");
    if (!paths.is_object()) return known;
    for (const auto& [path, from] : paths.items()) {
        Whereabouts one{
            text_in(from, "kind"),
            text_in(from, "title"),
            {text_in(from, "path"), text_in(from, "filesystem"), text_in(from, "inside")},
            text_in(from, "backup"),
            time_in(from, "covered_at", now),
            time_in(from, "lost_at", now),
            text_in(from, "to")};
        const bool usable = path.starts_with('/') && path.size() < longest_text &&
                            !one.kind.empty() && one.spot.path.starts_with('/') &&
                            !one.backup.empty() && one.covered_at > 0;
        if (usable && known.size() < most_paths) known.emplace(path, std::move(one));
    }
    return known;
}

json to_json(const WhereaboutsByPath& known) {
    json paths = json::object();
    for (const auto& [path, one] : known) {
        if (paths.size() >= most_paths) break;
        paths[path] = {{"kind", one.kind},
                       {"title", one.title},
                       {"path", one.spot.path},
                       {"filesystem", one.spot.filesystem},
                       {"inside", one.spot.inside},
                       {"backup", one.backup},
                       {"covered_at", one.covered_at}};
        if (one.lost_at != 0) paths[path].update({{"lost_at", one.lost_at}, {"to", one.to}});
    }
    return {{"paths", paths}};
}

WhereaboutsFile::WhereaboutsFile(const Host& host, const std::string& state_directory)
    : host_(host) {
    if (host.recorded() || state_directory.empty()) return;
    if (open_own_directory(state_directory)) directory_ = state_directory;
}

WhereaboutsByPath WhereaboutsFile::load(std::optional<Error>& problem) {
    if (directory_.empty()) return {};
    const std::string path = directory_ + "/data.json";
    const auto text = host_.read(path, 4 * mib);
    if (!text) {
        if (text.error().kind != ErrorKind::absent) problem = text.error();
        return {};
    }
    loaded_ = parse_json(*text);
    if (!loaded_.is_object()) {
        problem = {ErrorKind::malformed,
                   fmt::format("{}: is damaged: where data lay before is not known", path)};
        return {};
    }
    return parse_whereabouts(loaded_, host_.now());
}

Result<void> WhereaboutsFile::save(const WhereaboutsByPath& known) const {
    if (directory_.empty()) return {};
    const json document = to_json(known);
    if (document == loaded_) return {};
    const std::string text = document.dump(-1, ' ', false, json::error_handler_t::replace);
    return write_file(directory_ + "/data.json", text, Synced::yes, 0600);
}

}  // namespace lastgood
