#include "collectors/backups/look_memory.hpp"

namespace lastgood {

LookMemory::LookMemory(const Host& host, const std::string& state_directory,
                       const std::string& backup)
    : document_(host, state_directory, backup), content_(document_.content()) {}

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
