#include "collectors/arrays/parse/mdadm_message.hpp"

#include "core/text.hpp"

namespace lastgood {

// "Fail event detected on md device /dev/md0, component device /dev/sdb1",
// "RebuildFinished event detected on md device /dev/md0, component device  mismatches found: 128
// (on raid level 1)"; in a mail "A Fail event had been detected on md device /dev/md0."
std::optional<MdadmMessage> parse_mdadm_message(std::string_view message) {
    std::string_view mark = " event detected on md device ";
    message = without_prefix(message, "mdadm: ");
    size_t at = message.find(mark);
    if (at == message.npos && message.starts_with("A ")) {
        mark = " event had been detected on md device ";
        message.remove_prefix(2);
        at = message.find(mark);
    }
    if (at == message.npos || at > 32) return std::nullopt;
    const std::string_view event = message.substr(0, at);
    std::string_view rest = message.substr(at + mark.size());
    MdadmMessage found;
    const std::string_view array = trim_end(rest.substr(0, rest.find_first_of(", \r")), ".");
    found.array = std::string(array.substr(array.rfind('/') + 1));
    if (found.array.empty()) return std::nullopt;
    constexpr std::string_view component = "component device ";
    if (const size_t device = rest.find(component); device != rest.npos) {
        rest = trim_start(rest.substr(device + component.size()), " ");
        if (rest.starts_with("/dev/")) {
            const std::string_view name = rest.substr(0, rest.find_first_of(" ,"));
            found.device = std::string(name.substr(5));
        }
    } else {
        rest = {};
    }
    if (event == "Fail") {
        found.event = MdadmEvent::fail;
    } else if (event == "FailSpare") {
        found.event = MdadmEvent::fail_spare;
    } else if (event == "DegradedArray") {
        found.event = MdadmEvent::degraded;
    } else if (event == "DeviceDisappeared") {
        // At its start mdadm says so of arrays without redundancy, which it does not watch.
        if (contains(rest, "Wrong-Level")) return std::nullopt;
        found.event = MdadmEvent::disappeared;
    } else if (event == "SpareActive") {
        found.event = MdadmEvent::complete;
    } else if (event == "NewArray") {
        found.event = MdadmEvent::appeared;
    } else if (event == "RebuildFinished") {
        found.event = MdadmEvent::complete;
        constexpr std::string_view words = "mismatches found: ";
        if (const size_t count = rest.find(words); count != rest.npos) {
            std::string_view digits = rest.substr(count + words.size());
            found.event = MdadmEvent::mismatches;
            found.count = take_number<uint64_t>(digits).value_or(0);
        }
    } else {
        return std::nullopt;
    }
    return found;
}

}  // namespace lastgood
