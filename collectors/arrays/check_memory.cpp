#include "collectors/arrays/check_memory.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace lastgood {

namespace {

// A check of smaller members may begin and end between two polls.
constexpr double small_component = 512.0 * 1024 * 1024;  // bytes

bool is_check(MdAction action) {
    switch (action) {
        case MdAction::check:
        case MdAction::repair:
            return true;
        case MdAction::idle:
        case MdAction::resync:
        case MdAction::recover:
        case MdAction::reshape:
        case MdAction::frozen:
        case MdAction::unknown:
            return false;
    }
    return false;
}

double number_in(const nlohmann::json& object, const char* key) {
    if (!object.is_object()) return 0;
    auto found = object.find(key);
    return found != object.end() && found->is_number() ? found->get<double>() : 0;
}

}  // namespace

std::string to_cursor(const CheckMemories& memories) {
    nlohmann::json json = nlohmann::json::object();
    for (const auto& [id, one] : memories)
        if (one.checked > 0 || one.speed > 0)
            json[id] = {{"checked", one.checked}, {"speed", one.speed}};
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

CheckMemories checks_from_cursor(const std::string& cursor) {
    CheckMemories memories;
    const auto json = nlohmann::json::parse(cursor, nullptr, false);
    if (!json.is_object()) return memories;
    for (const auto& [id, one] : json.items()) {
        memories[id].checked = number_in(one, "checked");
        memories[id].speed = std::max(number_in(one, "speed"), 0.0);
    }
    return memories;
}

void follow_check(const MdArray& array, Timestamp now, CheckMemory& memory) {
    if (is_check(array.action.value) && array.phase == MdPhase::running) {
        memory.checking = true;
        memory.progress = array.progress.value_or(0);
        memory.remaining = array.remaining;
        memory.seen_at = now;
        return;
    }
    if (!memory.checking || array.action.value != MdAction::idle) {
        if (array.action.value != MdAction::check && array.action.value != MdAction::repair)
            memory.checking = false;
        return;
    }
    memory.checking = false;
    const Seconds elapsed = now - memory.seen_at;
    const bool near_end = memory.remaining && *memory.remaining <= 2 * elapsed + 5;
    const bool small = array.component_bytes && *array.component_bytes <= small_component;
    if (near_end || memory.progress > 0.995 || small) memory.checked = now;
}

void follow_speed(const MdArray& array, Timestamp now, CheckMemory& memory) {
    if (array.phase != MdPhase::running || !array.progress) {
        memory.done_at = 0;
        return;
    }
    std::optional<double> speed = array.speed;
    const Seconds elapsed = now - memory.done_at;
    const double grown = *array.progress - memory.done;
    if (!speed && memory.done_at > 0 && elapsed >= 1 && grown > 0 && array.component_bytes)
        speed = grown * *array.component_bytes / elapsed;
    memory.done = *array.progress;
    memory.done_at = now;
    if (!speed || !(*speed > 0)) return;
    constexpr double weight = 0.1;  // of the newest: other work slows it for minutes
    memory.speed = memory.speed > 0 ? memory.speed + weight * (*speed - memory.speed) : *speed;
}

bool mismatches_are_valid(const MdArray& array, const CheckMemory& memory) {
    if (!array.mismatch_sectors) return false;
    if (is_check(array.action.value)) return *array.mismatch_sectors > 0;
    if (array.action.value != MdAction::idle && array.action.value != MdAction::frozen)
        return false;
    if (array.last_action.empty()) return memory.checked > 0;  // Linux before 3.11
    return is_check(parse_md_action(array.last_action).value);
}

}  // namespace lastgood
