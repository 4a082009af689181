// Maps device names in the kernel messages of a saved log to drives, arrays and filesystems, with
// what the log itself shows. Not thread-safe; reads nothing but the messages.
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "collectors/explainer.hpp"
#include "collectors/kernel_log/account.hpp"
#include "collectors/kernel_log/parse/reader.hpp"
#include "collectors/kernel_log/parse/text_scanner.hpp"
#include "core/device_name.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/text.hpp"

namespace lastgood {

inline constexpr size_t max_names = 4096;  // bounds the memory for a flood of made-up names
inline constexpr std::string_view unknown_filesystem = "unknown";

// The leading number: "2:0:0:0" → 2, "2" → 2; -1 if there is none.
inline int leading_number(std::string_view address) {
    const auto number = TextScanner(address).number();
    return number && *number < 100000 ? static_cast<int>(*number) : -1;
}

inline constexpr std::string_view earlier = " (earlier)";  // behind the name of a filesystem

// Counts how often a device got another filesystem, as far as the log shows it: by the UUIDs of
// mounts, by other devices that take the name, and by files that are attached to a loop device.
class Bearers {
  public:
    void learn(const KernelEvent& event) {
        if (event.kind == KernelEventKind::mounted) {
            const bool loop = event.filesystem.starts_with("loop");
            const bool same = damaged_.erase(std::string(event.filesystem)) > 0;
            // Older kernels print no UUID.
            if (event.text.empty() && (!loop || same)) return;
            note(mounts_, event.filesystem, event.text, loop && event.text.empty());
        } else if (is_before_mount(event)) {
            if (damaged_.size() < max_names) damaged_.emplace(event.filesystem);
        } else if (event.kind == KernelEventKind::appeared) {
            const bool loop = event.device.starts_with("loop");
            // A drive that was plugged in again has its size, and perhaps another address.
            note(devices_, event.device, event.text, loop, loop ? 1 : 0);
        }
    }
    // "warning: mounting fs with errors": the filesystem had errors before.
    static bool is_before_mount(const KernelEvent& event) {
        return event.kind == KernelEventKind::recorded_errors &&
               event.text.starts_with("warning: mounting");
    }
    unsigned count(std::string_view device) const {
        return count(mounts_, device) + count(devices_, whole_device(device));
    }

  private:
    struct Bearer {
        std::string form;
        unsigned others = 0;
    };
    using Map = std::map<std::string, Bearer, std::less<>>;

    // `first`: 1 if what was there before the first one is another one, too.
    static void note(Map& map, std::string_view name, std::string_view form, bool always,
                     unsigned first = 0) {
        const auto known = map.find(name);
        if (known == map.end()) {
            if (map.size() < max_names) map.emplace(name, Bearer{std::string(form), first});
        } else if (always || known->second.form != form) {
            known->second.form = form;
            ++known->second.others;
        }
    }
    static unsigned count(const Map& map, std::string_view name) {
        const auto known = map.find(name);
        return known == map.end() ? 0 : known->second.others;
    }

    Map mounts_, devices_;
    std::set<std::string> damaged_;  // devices whose filesystem is about to be mounted with errors
};

// Charges errors to the names that they were logged under; resolve() then maps each of these names
// to a device name with what the whole log has shown.
class SavedLogNames : public KernelLogNames {
  public:
    // To be called for each SCSI message, also those that are no event by themselves.
    void learn_address(const KernelEvent& event) {
        if (event.address.empty() || event.device == event.address ||
            event.kind == KernelEventKind::port_map || !contains(event.address, ':'))
            return;
        const auto known = names_.find(event.address);
        if (known != names_.end()) {
            if (known->second != event.device) known->second = event.device;
        } else if (names_.size() < max_names) {
            names_.emplace(event.address, event.device);
        }
    }

    // To be called for each event before it is charged.
    void learn(const KernelEvent& event) {
        bearers_.learn(event);
        if (event.layer == KernelLayer::nvme && !event.address.empty() &&
            names_.size() < max_names) {  // a PCI function
            names_["nvme " + std::string(event.address)] = event.device;
        }
        if (!event.fstype.empty() && fstypes_.size() < max_names)
            fstypes_.emplace(event.filesystem, event.fstype);
        // btrfs names a filesystem of several devices after one of them.
        if (event.layer == KernelLayer::filesystem && !event.device.empty() &&
            !event.filesystem.empty() && event.device != event.filesystem &&
            members_.size() < max_names)
            members_.emplace(event.filesystem, event.device);
        const std::string_view whole = whole_device(event.device);
        if (whole.starts_with("nvme") && nvme_devices_.size() < max_names)
            nvme_devices_.emplace(whole);
        if (event.layer == KernelLayer::ata && event.device.starts_with("ata")) {
            const std::string port(event.device.substr(0, event.device.find('.')));
            if (event.kind == KernelEventKind::ata_recovered) {
                ports_in_recovery_.erase(port);
            } else if (ports_in_recovery_.size() < max_names) {
                ports_in_recovery_.insert(port);
            }
        }
        // While libata recovers just one port, errors of the SCSI layer come from that port.
        if (event.layer == KernelLayer::scsi && role_of(event.kind) == KernelEventRole::error &&
            ports_in_recovery_.size() == 1 && !event.address.empty()) {
            ++votes_[*ports_in_recovery_.begin()][leading_number(event.address)];
        }
    }

    void note(const KernelEvent& event) override {
        if (event.kind == KernelEventKind::port_map && !event.device.empty() &&
            event.address.starts_with("host") && usb_hosts_.size() < max_names) {
            usb_hosts_[std::string(event.device)] = leading_number(event.address.substr(4));
        }
    }

    KernelLogSubjects subjects(const KernelEvent& event, std::string_view) override {
        KernelLogSubjects subjects;
        std::string name(whole_device(event.device));
        if (is_no_drive(name)) return subjects;
        // A member of an array or of btrfs counts as a drive, whatever it is made of.
        const bool member =
            event.layer == KernelLayer::filesystem ||
            (event.layer == KernelLayer::md && event.kind != KernelEventKind::uncorrected);
        if (member && !name.empty() && !name.starts_with("md")) {
            subjects.drives = {name};
            return subjects;
        }
        if (name.starts_with("dm-") || name.starts_with("mapper/") || name.starts_with("md") ||
            name.starts_with("bcache") || name.starts_with("drbd") || name.starts_with("zd")) {
            subjects.array = name;  // the log does not show its drives
        } else {
            subjects.drives = {name};
        }
        return subjects;
    }

    std::string array(std::string_view device) override {
        // "253:2", a thin pool; the major number of dm is dynamic, but says nothing else
        const size_t colon = device.find(':');
        if (colon != std::string_view::npos && consists_of(device.substr(0, colon), decimal_digits))
            return "dm-" + std::string(device.substr(colon + 1));
        return std::string(whole_device(device));
    }
    // The device, and which of the filesystems that were on it; see bearer().
    std::string filesystem(std::string_view device) override {
        if (device.empty()) return std::string(unknown_filesystem);
        const unsigned which = bearers_.count(device);
        return which == 0 ? std::string(device) : fmt::format("{}\n{}", device, which);
    }
    // The name of a filesystem that filesystem() returned: its device, with a remark if the log
    // shows that another filesystem was on it later.
    std::string bearer(const std::string& charged) const {
        const size_t end = charged.find('\n');
        const std::string device = charged.substr(0, end);
        const bool last = end == charged.npos
                              ? bearers_.count(device) == 0
                              : charged.substr(end + 1) == std::to_string(bearers_.count(device));
        return last ? device : device + std::string(earlier);
    }
    // Notes what the log says about a state that a living host shows elsewhere.
    void note_state(const KernelEvent& event, const KernelLogReader::Origin& origin) {
        if (event.kind == KernelEventKind::sync_done) {
            // A rebuild that is done ends what was reported at the start.
            if (event.operation == "recovery" || event.operation == "recover")
                degraded_.erase(std::string(event.array));
            return;
        }
        if (role_of(event.kind) != KernelEventRole::state ||
            recorded_.size() + degraded_.size() >= max_names)
            return;
        State state{event.kind, event.count, origin.time, origin.dated, origin.line};
        if (event.kind == KernelEventKind::recorded_errors) {
            state.bearer = bearers_.count(event.filesystem);
            // At mount without a number, before the line that tells of the mount; the number
            // follows minutes later.
            state.before_mount = Bearers::is_before_mount(event);
            const auto known = recorded_.find(std::string(event.filesystem));
            if (state.before_mount && known != recorded_.end() &&
                known->second.bearer == state.bearer)
                return;
            recorded_.insert_or_assign(std::string(event.filesystem), state);
        } else if (event.layer == KernelLayer::md) {
            degraded_.insert_or_assign(std::string(event.array), state);
        }
    }
    void observe_states(Timestamp now, ExplainSink& sink) const {
        for (const auto& [array, state] : degraded_) {
            const Labels labels{{"kind", std::string(to_string(state.kind))}, {"layer", "md"}};
            sink.observe(metric::array_kernel_errors_total, array, 1, state.time, labels);
            sink.seen(metric::array_kernel_errors_total, array, evidence(state), labels);
        }
        for (const auto& [device, state] : recorded_) {
            const unsigned present = bearers_.count(device);
            if (state.bearer != present && !(state.before_mount && state.bearer + 1 == present))
                continue;  // another filesystem is there
            const std::string subject = "/dev/" + device;
            sink.observe(metric::filesystem_info, subject, 1, now,
                         {{"device", device}, {"fstype", fstype(device)}});
            sink.observe(metric::filesystem_kernel_errors_total, subject,
                         static_cast<double>(state.count), state.time);
            sink.seen(metric::filesystem_kernel_errors_total, subject, evidence(state));
        }
    }

    // "ext4"; empty if the log does not show it.
    std::string fstype(const std::string& device) const {
        const auto known = fstypes_.find(device);
        return known == fstypes_.end() ? std::string() : known->second;
    }

    // "sdb": the device that a filesystem is named after, then the others that the log shows.
    std::string devices(const std::string& filesystem) const {
        constexpr int most_shown = 4;
        std::string devices = filesystem;
        int shown = 0;
        for (auto at = members_.lower_bound({filesystem, {}});
             at != members_.end() && at->first == filesystem; ++at)
            devices += ++shown < most_shown ? ", " + at->second : shown == most_shown ? ", …" : "";
        return devices;
    }

    // The device name for a name that an error was charged to; empty if it is not a drive. A name
    // that the log does not explain stays as it is.
    std::string resolve(const std::string& name) const {
        if (name.starts_with("ata")) return drive_on_port(name);
        if (name.starts_with("usb ")) {
            const auto host = usb_hosts_.find(name.substr(4));
            return host == usb_hosts_.end() ? std::string() : only_drive_of_host(host->second);
        }
        if (name.starts_with("host")) return only_drive_of_host(leading_number(name.substr(4)));
        if (name.starts_with("nvme ")) {  // a PCI function
            const auto known = names_.find(name);
            return known == names_.end() ? name.substr(5) : only_namespace_of(known->second);
        }
        if (std::ranges::count(name, ':') == 3) {
            const auto known = names_.find(name);
            return known == names_.end() ? name : known->second;
        }
        if (std::ranges::count(name, ':') == 1) return name_of_number(name);
        if (name.starts_with("nvme") && name.find('n', 4) == std::string::npos) {
            return only_namespace_of(name);
        }
        if (name.starts_with("mmc") && !name.starts_with("mmcblk")) {
            return "mmcblk" + name.substr(3);
        }
        return name;
    }

  private:
    // "nvme0" → "nvme0n1"; a controller with several namespaces or none keeps its name.
    std::string only_namespace_of(const std::string& controller) const {
        const std::string prefix = controller + "n";
        std::string found;
        for (const std::string& device : nvme_devices_) {
            if (!device.starts_with(prefix)) continue;
            if (!found.empty()) return controller;
            found = device;
        }
        return found.empty() ? controller : found;
    }

    // Empty if the SCSI host has no drive or several.
    std::string only_drive_of_host(int host) const {
        std::string found;
        for (const auto& [address, name] : names_) {
            if (leading_number(address) != host) continue;
            if (!found.empty() && found != name) return {};
            found = name;
        }
        return found;
    }

    // "ata3.00" → "sdc": the port's SCSI host is the one that most often reports errors while
    // libata recovers the port; without such reports it is host 2, because port N mostly is host
    // N-1.
    std::string drive_on_port(const std::string& device) const {
        const size_t dot = device.find('.');
        std::string port = device.substr(0, dot);
        int host = leading_number(std::string_view(port).substr(3)) - 1;
        if (const auto votes = votes_.find(port); votes != votes_.end()) {
            int most = 0;
            for (const auto& [candidate, count] : votes->second) {
                if (count > most) {
                    most = count;
                    host = candidate;
                }
            }
        }
        std::set<std::string> all;
        std::set<std::string> matching;
        const int link = dot == std::string::npos
                             ? -1
                             : leading_number(std::string_view(device).substr(dot + 1));
        for (const auto& [address, name] : names_) {
            if (leading_number(address) != host) continue;
            all.insert(name);
            // The number behind the dot is the channel behind a port multiplier (target 0), else
            // the target (channel 0); drivers/ata/libata-scsi.c, ata_scsi_scan_host.
            TextScanner scan(address);
            scan.until(":");
            const int channel = leading_number(scan.rest());
            scan.until(":");
            const int target = leading_number(scan.rest());
            if ((channel == link && target == 0) || (channel == 0 && target == link))
                matching.insert(name);
        }
        if (all.size() == 1) return *all.begin();
        if (matching.size() == 1) return *matching.begin();
        return port;
    }

    // "8:16" → "sdb". SCSI disks have majors 8, 65 to 71 and 128 to 135, with 16 minors for each
    // drive (kernel documentation, admin-guide/devices.txt).
    static std::string name_of_number(const std::string& number) {
        TextScanner scan(number);
        const auto major = scan.number();
        if (!major || !scan.skip(":")) return number;
        const auto minor = scan.number();
        if (!minor || *minor > 255) return number;
        uint64_t index = *minor / 16;
        if (*major >= 65 && *major <= 71) {
            index += (*major - 64) * 16;
        } else if (*major >= 128 && *major <= 135) {
            index += (*major - 120) * 16;
        } else if (*major != 8) {
            return number;
        }
        std::string letters;
        for (uint64_t rest = index + 1; rest > 0; rest = (rest - 1) / 26) {
            letters.insert(letters.begin(), static_cast<char>('a' + (rest - 1) % 26));
        }
        return "sd" + letters;
    }

    struct State {
        KernelEventKind kind = KernelEventKind::recorded_errors;
        uint64_t count = 0;
        Timestamp time = 0;
        bool dated = false;
        std::string_view line;
        unsigned bearer = 0;
        bool before_mount = false;
    };
    static Evidence evidence(const State& state) {
        Evidence shown{state.line, {}, {}};
        if (state.dated) shown.time = state.time;
        return shown;
    }

    Bearers bearers_;
    std::map<std::string, State> recorded_;  // filesystem's device → its own count
    std::map<std::string, State> degraded_;  // md array → as it started
    std::map<std::string, std::string, std::less<>> names_;  // SCSI address → device
    std::set<std::string> nvme_devices_;                     // controllers and namespaces
    std::set<std::string> ports_in_recovery_;                // ATA ports
    std::map<std::string, std::map<int, int>> votes_;  // ATA port → SCSI host → number of errors
    std::map<std::string, int> usb_hosts_;             // "2-1" → SCSI host
    std::set<std::pair<std::string, std::string>> members_;  // filesystem's device, other device
    std::map<std::string, std::string> fstypes_;  // device → type of the filesystem on it
};

}  // namespace lastgood
