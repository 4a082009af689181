#include "collectors/zfs/parse/zed_message.hpp"

#include "core/text.hpp"

namespace lastgood {

namespace {

// The value of "key=value" or "key='value'"; empty if there is none.
std::string_view field(std::string_view text, std::string_view key) {
    for (size_t at = text.find(key); at != text.npos; at = text.find(key, at + 1)) {
        const size_t end = at + key.size();
        if ((at > 0 && text[at - 1] != ' ') || end >= text.size() || text[end] != '=') continue;
        std::string_view value = text.substr(end + 1);
        if (value.starts_with('\'')) return value.substr(1, value.find('\'', 1) - 1);
        return value.substr(0, value.find(' '));
    }
    return {};
}

}  // namespace

std::optional<ZedMessage> parse_zed_message(std::string_view message) {
    if (!message.starts_with("eid=")) return std::nullopt;
    ZedMessage found;
    found.pool = std::string(field(message, "pool"));
    std::string_view device = field(message, "vdev");
    if (device.empty()) device = field(message, "vdev_path");
    found.device = std::string(device.substr(device.rfind('/') + 1));
    const std::string_view event = field(message, "class");
    const std::string_view state = field(message, "vdev_state");
    if (event == "checksum") {
        found.kind = ZedKind::checksum;
    } else if (event == "io" || event == "probe_failure" || event == "vdev.open_failed" ||
               event == "vdev.corrupt_data" || event == "vdev.bad_label") {
        found.kind = ZedKind::io;
    } else if (event == "deadman" || event == "delay") {
        found.kind = ZedKind::timeout;
    } else if (event == "statechange" &&
               (state == "FAULTED" || state == "UNAVAIL" || state == "DEGRADED")) {
        found.kind = ZedKind::faulted;
    } else if ((event == "statechange" && state == "REMOVED") || event == "resource.removed") {
        found.kind = ZedKind::removed;
    } else if (event == "data") {
        found.kind = ZedKind::data;
    } else if (event == "io_failure" || event == "vdev.no_replicas" || event == "zpool") {
        found.kind = ZedKind::failed;
    } else {
        return std::nullopt;  // also what an administrator wished: OFFLINE, vdev_remove
    }
    return found;
}

}  // namespace lastgood
