#include "collectors/backups/no_copies.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>

#include "core/directory.hpp"
#include "core/place.hpp"
#include "core/utf8.hpp"

namespace lastgood {

namespace {

constexpr const char* section_name = "copies";  // "place", "mount", "source", "counts" by stream
constexpr double most_counted = 1000;

bool has_none(const BackupState& state) {
    return state.count == 0 && !state.newest_unjudged && state.incomplete != true &&
           state.newest.empty();
}

std::string place_of(const Backup& backup) {
    return fmt::format("{} {}", to_string(backup.kind), backup.location);
}

// Of another place nothing is known.
nlohmann::json counts_in(const LookMemory& memory, const Backup& backup) {
    const auto& section = memory.section(section_name);
    if (text_in(section, "place") != place_of(backup)) return nlohmann::json::object();
    const auto found = section.find("counts");
    return found != section.end() && found->is_object() ? *found : nlohmann::json::object();
}

const Mount* mount_of(const Host& host, const Topology& topology, const Backup& backup) {
    if (!has_copies_at_location(backup.kind) && backup.kind != BackupKind::stamp) return nullptr;
    if (backup.location.empty()) return nullptr;
    return find_place(host, topology, fixed_location(backup)).mount;
}

bool has_stream(const BackupState& state, const std::string& name) {
    return std::ranges::find(state.streams, name, &StreamState::name) != state.streams.end();
}

// Returns whether it is gone.
bool note(const LookMemory& memory, const Backup& backup, const std::string& stream,
          BackupState& state, nlohmann::json& counts) {
    if (state.count.value_or(0) > 0 || proven_newest(state))
        counts[stream] = std::max(state.count.value_or(1), 1.0);
    if (!has_none(state)) return false;
    const auto newest = known_newest(memory, backup, stream);
    const auto count = number_in(counts, stream.c_str());
    if (!newest && !count) return false;
    if (newest)
        state.newest.push_back({*newest, Confidence::inferred, may_be_written_later(backup.kind)});
    state.gone = std::max(count.value_or(1), 1.0);
    return true;
}

// One finding for all streams.
void set_gone_of_whole(BackupState& state) {
    double gone = 0;
    for (const StreamState& stream : state.streams) {
        if (!stream.state.gone) return;
        gone += *stream.state.gone;
    }
    state.gone = gone;
}

}  // namespace

Result<void> check_same_filesystem(const Host& host, const Topology& topology,
                                   const LookMemory& memory, const Backup& backup,
                                   const BackupState& state) {
    if (!state.streams.empty() || !has_none(state) || counts_in(memory, backup).empty()) return {};
    const auto& section = memory.section(section_name);
    const std::string point = text_in(section, "mount"), source = text_in(section, "source");
    const Mount* now = mount_of(host, topology, backup);
    if (point.empty()) return {};
    if (now == nullptr || now->point != point)
        return fail(ErrorKind::absent,
                    fmt::format("{}: {} is not mounted, where its copies were seen",
                                fixed_location(backup), point));
    if (now->source != source)
        return fail(ErrorKind::absent,
                    fmt::format("{}: {} is mounted at {}; its copies were seen on {}",
                                fixed_location(backup), now->source, now->point, source));
    return {};
}

void note_gone(const Host& host, const Topology& topology, LookMemory& memory, const Backup& backup,
               BackupState& state) {
    auto counts = counts_in(memory, backup);
    bool gone = false;
    if (state.streams.empty()) gone = note(memory, backup, "", state, counts);
    for (StreamState& stream : state.streams)
        if (note(memory, backup, stream.name, stream.state, counts)) gone = true;
    if (gone && !state.streams.empty()) {
        summarise_streams(state);
        set_gone_of_whole(state);
    }
    if (counts.empty()) return;
    auto section = memory.section(section_name);
    section["place"] = place_of(backup);
    const Mount* mount = mount_of(host, topology, backup);
    const bool any_there = state.count ? *state.count > 0 : proven_newest(state).has_value();
    if (mount != nullptr && any_there) {
        section["mount"] = mount->point;
        section["source"] = mount->source;
    }
    section["counts"] = nlohmann::json::object();  // without streams that were forgotten
    for (const auto& [name, count] : counts.items())
        if (state.streams.empty() ? name.empty() : has_stream(state, name))
            section["counts"][name] = count;
    memory.keep(section_name, std::move(section));
}

std::optional<OtherFiles> other_files(const Host& host, const Backup& backup,
                                      const BackupState& state) {
    if (!state.streams.empty() || !has_none(state) || state.gone ||
        !row_of(backup.kind).shares_place)
        return std::nullopt;
    auto reader = DirectoryReader::open(host, fixed_location(backup));
    if (!reader) return std::nullopt;
    OtherFiles others;
    while (const char* next = reader->next()) {
        const std::string_view name = next;
        if (name == "lost+found") continue;  // of an empty ext4
        if (others.example.empty() || name < others.example) others.example = name;
        if (++others.count >= most_counted) break;
    }
    if (others.count == 0) return std::nullopt;
    others.example = harmless(others.example);
    return others;
}

}  // namespace lastgood
