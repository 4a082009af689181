#include "collectors/journal/parse/fields.hpp"

#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t longest_value = 4096;  // bytes; no message of these programs is longer

// The processes that write in the name of these programs. ZFS's event daemon runs scripts, which
// call logger. What a container prints comes from dockerd or conmon under any name.
constexpr std::array<std::string_view, 4> processes = {"smartd", "mdadm", "zed", "logger"};

constexpr std::array<std::string_view, 3> transports = {"syslog", "journal", "stdout"};

bool is_control(char c) {
    return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
}

}  // namespace

void JournalFields::add(std::string_view data) {
    const std::string_view name = data.substr(0, data.find('='));
    if (name.size() == data.size()) return;
    for (size_t i = 0; i < names.size(); ++i) {
        if (name != names[i] || values_[i]) continue;
        values_[i] = std::string(data.substr(name.size() + 1, longest_value));
        return;
    }
}

std::optional<JournalMessage> JournalFields::message() const {
    const auto& [identifier, uid, transport, process, text] = values_;
    if (!identifier || !contains(journal_programs, *identifier)) return std::nullopt;
    if (uid != "0" || !transport || !contains(transports, *transport)) return std::nullopt;
    // A process that ends at once, as logger does, may have no name any more.
    if (process && !contains(processes, *process)) return std::nullopt;
    if (!text) return std::nullopt;
    std::string_view line = *text;
    while (!line.empty() && is_control(line.front())) line.remove_prefix(1);
    line = line.substr(0, line.find('\n'));
    while (!line.empty() && is_control(line.back())) line.remove_suffix(1);
    if (line.empty()) return std::nullopt;
    return JournalMessage{*identifier, line};
}

}  // namespace lastgood
