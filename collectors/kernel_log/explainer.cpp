// `lastgood explain` of a saved kernel log: no host at hand, the log itself must tell which name
// means which drive.
#include "collectors/explainer.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "collectors/kernel_log/account.hpp"
#include "collectors/kernel_log/parse/reader.hpp"
#include "collectors/kernel_log/parse/text.hpp"
#include "collectors/kernel_log/parse/text_scanner.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"

namespace lastgood {

namespace {

constexpr size_t looked_at = 64 * 1024;  // bytes that recognises() reads
constexpr size_t most_names = 4096;

// The number that ends at a colon or at the end: "2" of "2:0:0:0".
int host_of(std::string_view address) {
    const auto number = TextScanner(address).number();
    return number && *number < 100000 ? static_cast<int>(*number) : -1;
}

// What a log tells of its names. Errors are first charged to the name they were logged under;
// resolve() says what the whole log knows of that name.
class LogNames : public KernelLogNames {
  public:
    // Told of every event, before it is charged.
    void see(const KernelEvent& event) {
        if (!event.address.empty() && event.device != event.address &&
            event.kind != KernelEventKind::port_map && names_.size() < most_names &&
            event.address.find(':') != std::string_view::npos) {
            names_[std::string(event.address)] = event.device;
        }
        const std::string_view whole = whole_device(event.device);
        if (whole.starts_with("nvme") && devices_.size() < most_names) devices_.emplace(whole);
        if (event.layer == KernelLayer::ata && event.device.starts_with("ata")) {
            const std::string port(event.device.substr(0, event.device.find('.')));
            if (event.kind == KernelEventKind::ata_recovered) {
                in_trouble_.erase(port);
            } else if (in_trouble_.size() < most_names) {
                in_trouble_.insert(port);
            }
        }
        // While libata handles the errors of just one port, what the SCSI layer says is about it.
        if (event.layer == KernelLayer::scsi && is_error(event.kind) && in_trouble_.size() == 1 &&
            !event.address.empty()) {
            ++votes_[*in_trouble_.begin()][host_of(event.address)];
        }
    }

    void note(const KernelEvent& event) override {
        if (event.kind == KernelEventKind::port_map && !event.device.empty() &&
            usb_hosts_.size() < most_names) {
            usb_hosts_[std::string(event.device)] = host_of(event.address.substr(4));
        }
    }

    KernelLogSubjects subjects(const KernelEvent& event, std::string_view) override {
        KernelLogSubjects subjects;
        std::string name(whole_device(event.device));
        if (name.starts_with("dm-") || name.starts_with("mapper/") || name.starts_with("md") ||
            name.starts_with("bcache")) {
            subjects.array = name;  // on which drives it lies, a log does not say
        } else {
            subjects.drives = {name};
        }
        return subjects;
    }

    std::string array(std::string_view device) override {
        return std::string(whole_device(device));
    }
    std::string filesystem(std::string_view device) override { return std::string(device); }

    // The device name of what an error was charged to; empty: it is no drive.
    std::string resolve(const std::string& name) const {
        if (name.starts_with("ata")) return drive_at_port(name);
        if (name.starts_with("usb ")) {
            const auto host = usb_hosts_.find(name.substr(4));
            return host == usb_hosts_.end() ? std::string() : only_drive_of_host(host->second);
        }
        if (name.starts_with("host")) return only_drive_of_host(host_of(name.substr(4)));
        if (std::ranges::count(name, ':') == 3) {
            const auto known = names_.find(name);
            return known == names_.end() ? name : known->second;
        }
        if (std::ranges::count(name, ':') == 1) return name_of_number(name);
        if (name.starts_with("nvme") && name.find('n', 4) == std::string::npos) {
            const std::string prefix = name + "n";
            std::string found;
            for (const std::string& device : devices_) {
                if (!device.starts_with(prefix)) continue;
                if (!found.empty()) return name;
                found = device;
            }
            return found.empty() ? name : found;
        }
        if (name.starts_with("mmc") && !name.starts_with("mmcblk"))
            return "mmcblk" + name.substr(3);
        return name;
    }

  private:
    std::string only_drive_of_host(int host) const {
        std::string found;
        for (const auto& [address, name] : names_) {
            if (host_of(address) != host) continue;
            if (!found.empty() && found != name) return {};
            found = name;
        }
        return found;
    }

    // "ata3.00": by the SCSI host that speaks while the port is in trouble; else port N is host
    // N-1, as on every host whose first SCSI hosts are its ATA ports.
    std::string drive_at_port(const std::string& device) const {
        const size_t dot = device.find('.');
        const std::string port = device.substr(0, dot);
        int host = host_of(std::string_view(port).substr(3)) - 1;
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
        const int link =
            dot == std::string::npos ? -1 : host_of(std::string_view(device).substr(dot + 1));
        for (const auto& [address, name] : names_) {
            if (host_of(address) != host) continue;
            all.insert(name);
            // Behind a port multiplier its port is the channel; of master and slave, the target.
            TextScanner scan(address);
            scan.until(":");
            const int channel = host_of(scan.rest());
            scan.until(":");
            const int target = host_of(scan.rest());
            if (channel == link || target == link) matching.insert(name);
        }
        if (all.size() == 1) return *all.begin();
        if (matching.size() == 1) return *matching.begin();
        return port;
    }

    // Major numbers of SCSI disks, Documentation/admin-guide/devices.txt: 8, 65 to 71 and 128 to
    // 135, 16 minors a drive.
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

    std::map<std::string, std::string> names_;         // SCSI address → device
    std::set<std::string> devices_;                    // NVMe names
    std::set<std::string> in_trouble_;                 // ATA ports
    std::map<std::string, std::map<int, int>> votes_;  // ATA port → SCSI host → how often
    std::map<std::string, int> usb_hosts_;             // "2-1" → SCSI host
};

const Metric* recent_of(const Metric* total) {
    if (total == &metric::drive_kernel_errors_total) return &metric::drive_kernel_errors_recent;
    if (total == &metric::array_kernel_errors_total) return &metric::array_kernel_errors_recent;
    if (total == &metric::filesystem_kernel_log_errors_total) {
        return &metric::filesystem_kernel_log_errors_recent;
    }
    return nullptr;
}

bool recognises(std::string_view text) {
    bool found = false;
    for_each_kernel_message(text.substr(0, looked_at),
                            [&found](std::string_view message, const KernelLogLine& line) {
                                found = found || !line.uptime.empty() || !line.civil_time.empty() ||
                                        parse_kernel_message(message);
                            });
    return found;
}

Result<void> explain(std::string_view text, Timestamp now, Sink& sink) {
    LogNames names;
    KernelLogAccount account(names);
    KernelLogReader reader([&](const KernelEvent& event, const KernelLogReader::Origin& origin) {
        names.see(event);
        account.take(event, origin);
    });
    for_each_kernel_message(text, [&](std::string_view message, const KernelLogLine& line) {
        if (!parse_kernel_message(message)) return;
        reader.take(message, {time_of(line, now).value_or(now), {}});
    });
    reader.flush();

    // Several names may turn out to be one drive.
    std::map<std::pair<const Metric*, std::string>, std::map<Labels, std::pair<double, Timestamp>>>
        sums;
    std::set<std::string> drives;
    std::set<std::string> filesystems;
    for (Observation& observation : account.drain()) {
        if (observation.metric->subject == SubjectKind::drive) {
            observation.subject = names.resolve(observation.subject);
            if (observation.subject.empty()) continue;
            drives.insert(observation.subject);
        }
        if (observation.metric->subject == SubjectKind::filesystem) {
            filesystems.insert(observation.subject);
        }
        auto& sum = sums[{observation.metric, observation.subject}][observation.labels];
        sum.first += observation.value;
        sum.second = std::max(sum.second, observation.observed_at);
    }
    for (const std::string& drive : drives) {
        sink.observe(metric::drive_info, drive, 1, now, {{"device", drive}});
    }
    for (const std::string& filesystem : filesystems) {
        sink.observe(metric::filesystem_info, filesystem, 1, now, {{"device", filesystem}});
    }
    for (const auto& [key, series] : sums) {
        for (const auto& [labels, sum] : series) {
            sink.observe(*key.first, key.second, sum.first, sum.second, labels);
            // A log that somebody asks about is about now, whenever it was.
            if (const Metric* recent = recent_of(key.first)) {
                sink.observe(*recent, key.second, sum.first, sum.second, labels);
            }
        }
    }
    return {};
}

}  // namespace

const Explainer kernel_log_explainer{
    .what = "a kernel log",
    .recognises = recognises,
    .explain = explain,
};

}  // namespace lastgood
