// The collector of drives: identity, size, errors that the kernel counts, and stalled requests.
#include "core/metrics/drives.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "collectors/collector.hpp"
#include "collectors/drives/device_events.hpp"
#include "collectors/drives/parse/block_stat.hpp"
#include "core/descriptor.hpp"
#include "core/text.hpp"
#include "core/topology.hpp"

namespace lastgood {

namespace {

constexpr Seconds sample_interval = 10;
constexpr Seconds max_print_interval = 60;

// A small sysfs file that stays open, because it is read every 10 s.
class OpenFile {
  public:
    OpenFile(const Host& host, const std::string& path) : file_(host.open(path).value_or(-1)) {}

    // The result points into `buffer`; nullopt if the file cannot be read.
    template <size_t size>
    std::optional<std::string_view> read(char (&buffer)[size]) const {
        ssize_t got = 0;
        do got = ::pread(file_.get(), buffer, size, 0);
        while (got < 0 && errno == EINTR);
        if (got <= 0) return std::nullopt;
        return std::string_view(buffer, static_cast<size_t>(got));
    }

  private:
    Descriptor file_;
};

struct Slot {
    std::string enclosure, name;  // "0:0:8:0", "Slot 03"
};

// The ses module links a drive to its slot: device/enclosure_device:SLOT. The link alone is read:
// the files in the slot would ask the enclosure.
std::optional<Slot> find_slot(const Host& host, const Drive& drive) {
    constexpr std::string_view prefix = "enclosure_device:";
    const auto entries = host.list(drive.sysfs + "/device");
    if (!entries) return std::nullopt;
    for (const std::string& entry : *entries) {
        if (!entry.starts_with(prefix)) continue;
        const auto target = host.read_link(fmt::format("{}/device/{}", drive.sysfs, entry));
        if (!target) continue;
        const std::string enclosure(parent_directory(*target));
        return Slot{enclosure.substr(enclosure.rfind('/') + 1), entry.substr(prefix.size())};
    }
    return std::nullopt;
}

struct WatchedDrive {
    Drive drive;
    std::optional<Slot> slot;
    OpenFile stat;
    OpenFile errors;
    StallClock clock{};
    std::optional<Seconds> stalled{};
    std::optional<double> io_errors{};

    WatchedDrive(const Host& host, const Drive& new_drive)
        : drive(new_drive),
          slot(find_slot(host, new_drive)),
          stat(host, new_drive.sysfs + "/stat"),
          errors(host, new_drive.sysfs + "/device/ioerr_cnt") {}

    // True if a value has changed.
    bool sample(Seconds now, bool once) {
        const auto stalled_before = std::exchange(stalled, std::nullopt);
        const auto errors_before = std::exchange(io_errors, std::nullopt);
        char buffer[512];
        if (auto text = stat.read(buffer))
            if (auto values = parse_block_stat(*text)) {
                stalled = clock.update(*values, now);
                // A single sample cannot show whether requests complete.
                if (once && values->in_flight > 0) stalled.reset();
            }
        if (auto text = errors.read(buffer)) io_errors = parse_hexadecimal(*text);
        return stalled != stalled_before || io_errors != errors_before;
    }
};

class DrivesCollector {
  public:
    explicit DrivesCollector(Context& context) : context_(context) {}

    Result<void> run() {
        const Host& host = context_.host;
        const bool once = context_.once || host.recorded();
        std::optional<DeviceEvents> events;
        if (!once) events.emplace(context_.config.loop_devices);  // before the first inventory
        if (auto done = take_inventory(); !done) return done;
        while (true) {
            const Seconds now = host.monotonic();
            bool changed = false;
            for (WatchedDrive& watched : drives_) changed = watched.sample(now, once) || changed;
            if (changed || printed_ == 0 ||
                now - printed_ >= max_print_interval - sample_interval / 2) {
                print();
                printed_ = now;
            }
            if (once) return {};
            const bool event = events->wait(sample_interval);
            // A container gets no events: new names show new drives. A loop device keeps its name
            // when another file is attached.
            if (event || context_.config.loop_devices || names() != names_) {
                if (auto done = take_inventory(); !done) context_.sink.problem("", done.error());
                printed_ = event ? 0 : printed_;
            }
        }
    }

  private:
    std::vector<std::string> names() const {
        auto found = context_.host.list("/sys/block");
        return found ? std::move(*found) : std::vector<std::string>{};
    }

    Result<void> take_inventory() {
        names_ = names();
        auto topology = Topology::read(context_.host, context_.config.loop_devices);
        if (!topology) return tl::unexpected(topology.error());
        std::vector<WatchedDrive> before = std::exchange(drives_, {});
        bool changed = before.size() != topology->drives.size();
        for (const auto& [id, drive] : topology->drives) {
            drives_.emplace_back(context_.host, drive);
            bool known = false;
            for (const WatchedDrive& old : before) {
                if (old.drive.id != id || old.drive.sysfs != drive.sysfs) continue;
                known = true;
                drives_.back().clock = old.clock;
                drives_.back().stalled = old.stalled;
                drives_.back().io_errors = old.io_errors;
            }
            changed = changed || !known;
        }
        if (changed) printed_ = 0;
        return {};
    }

    void print() {
        Sink& sink = context_.sink;
        const Timestamp now = context_.host.now();
        for (const WatchedDrive& watched : drives_) {
            const Drive& drive = watched.drive;
            sink.observe(metric::drive_info, drive.id, 1, now,
                         {{"device", drive.device},
                          {"model", drive.model},
                          {"serial", drive.serial},
                          {"firmware", drive.firmware},
                          {"wwn", drive.wwn},
                          {"transport", std::string(to_string(drive.transport))},
                          {"rotational", drive.rotational ? "1" : "0"}});
            sink.observe(metric::drive_present, drive.id, 1, now);
            sink.observe(metric::drive_size_bytes, drive.id, drive.size_bytes, now);
            if (watched.slot)
                sink.observe(
                    metric::drive_slot, drive.id, 1, now,
                    {{"enclosure", watched.slot->enclosure}, {"slot", watched.slot->name}});
            if (watched.io_errors)
                sink.observe(metric::drive_io_errors_total, drive.id, *watched.io_errors, now);
            if (watched.stalled)
                sink.observe(metric::drive_io_stalled_seconds, drive.id, *watched.stalled, now);
        }
        sink.commit("");
    }

    Context& context_;
    std::vector<std::string> names_;
    std::vector<WatchedDrive> drives_;
    Seconds printed_ = 0;
};

Result<void> run(Context& context) {
    return DrivesCollector(context).run();
}

// People plug and unplug these.
bool comes_and_goes(const Labels& info) {
    return std::ranges::any_of(info, [](const auto& label) {
        const auto& [key, value] = label;
        return key == "transport" &&
               (value == to_string(Transport::usb) || value == to_string(Transport::mmc) ||
                value == to_string(Transport::loop));
    });
}

}  // namespace

extern const Collector drives_collector;
const Collector drives_collector = {
    .name = "drives",
    .summary = "Drives of this host: identity, size, errors and stalled requests",
    .kind = CollectorKind::stream,
    .interval = max_print_interval,
    .deadline = 30,
    .run = run,
    .inventory = &metric::drive_present,
    .comes_and_goes = comes_and_goes,
};

}  // namespace lastgood
