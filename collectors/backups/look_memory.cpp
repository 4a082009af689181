#include "collectors/backups/look_memory.hpp"

namespace lastgood {

namespace {

constexpr const char* lost_name = "lost";  // "at"
constexpr Seconds told_for = 366.0 * 86400;

}  // namespace

LookMemory::LookMemory(const Host& host, const std::string& state_directory,
                       const std::string& backup)
    : document_(host, state_directory, backup, Previous::kept), content_(document_.content()) {
    const Timestamp now = host.now();
    if (document_.lost()) content_[lost_name] = {{"at", now}};
    const auto at = lost_at();
    if (at && now - *at > told_for) content_.erase(lost_name);
    changed_ = document_.needs_write();
}

std::optional<Timestamp> LookMemory::lost_at() const {
    return number_in(section(lost_name), "at");
}

const nlohmann::json& LookMemory::section(std::string_view reader) const {
    static const nlohmann::json none = nlohmann::json::object();
    const auto found = content_.find(reader);
    return found != content_.end() && found->is_object() ? *found : none;
}

void LookMemory::keep(std::string_view reader, nlohmann::json section) {
    auto& place = content_[std::string(reader)];
    if (place == section) return;
    place = std::move(section);
    changed_ = true;
}

Result<void> LookMemory::save() {
    if (!changed_) return {};
    changed_ = false;
    return document_.write(content_);
}

}  // namespace lastgood
