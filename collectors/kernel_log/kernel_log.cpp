// The streaming collector of the kernel log.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <optional>
#include <string>

#include "collectors/collector.hpp"
#include "collectors/kernel_log/account.hpp"
#include "collectors/kernel_log/names.hpp"
#include "collectors/kernel_log/parse/reader.hpp"
#include "collectors/kernel_log/parse/text_scanner.hpp"
#include "collectors/kernel_log/source.hpp"

namespace lastgood {

namespace {

constexpr Seconds interval = 60;
constexpr Seconds between_commits = 0.05;  // in a flood
constexpr Seconds report_gap =
    0.02;  // the lines that report one failed command come closer together than this

Seconds kernel_clock() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// "BOOT_ID:SEQUENCE": the last record that was counted.
struct Cursor {
    std::string boot;
    uint64_t sequence = 0;
};

std::optional<Cursor> parse_cursor(std::string_view text) {
    const size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    TextScanner scan(text.substr(colon + 1));
    const auto sequence = scan.number();
    if (!sequence || !scan.at_end()) return std::nullopt;
    return Cursor{std::string(text.substr(0, colon)), *sequence};
}

class KernelLogCollector {
  public:
    KernelLogCollector(Context& context, int fd)
        : context_(context),
          source_(fd),
          names_(
              context.host,
              [&context]() -> std::optional<Topology> {
                  auto topology = Topology::read(context.host, context.config.loop_devices);
                  if (!topology) return std::nullopt;
                  return std::move(*topology);
              },
              kernel_clock),
          account_(names_),
          reader_([this](const KernelEvent& event, const KernelLogReader::Origin& origin) {
              account_.take(event, origin);
          }) {
        boot_ = context.host.read_line("/proc/sys/kernel/random/boot_id").value_or("unknown");
        if (const auto cursor = parse_cursor(context.cursor)) {
            started_before_ = true;
            if (cursor->boot == boot_) counted_ = cursor->sequence;
        }
        if (context.host.recorded()) boot_time_ = context.host.boot_time();
    }

    Result<void> run() {
        auto learned = learn_backlog();
        if (!learned) return learned;
        Seconds last_commit = -1e9;
        while (true) {
            KmsgRecord record;
            auto status = source_.next(record);
            if (!status) {
                reader_.flush();
                commit();
                return Failure(status.error());
            }
            const Seconds now = kernel_clock();
            if (*status == KernelLogSource::Status::record) {
                take(record);
                if (!account_.empty() && now - last_commit >= between_commits && !context_.once) {
                    if (now - flood_since_ >= between_commits) {
                        commit();
                        last_commit = now;
                    }
                }
                continue;
            }
            // All that is there has been read.
            flood_since_ = now;
            const bool ends = *status == KernelLogSource::Status::end || context_.once;
            if (ends || (reader_.unfinished() && now - last_record_ >= report_gap)) reader_.flush();
            if (ends || now - last_commit >= interval ||
                (!account_.empty() && now - last_commit >= between_commits)) {
                commit();
                last_commit = now;
            }
            if (ends) return {};
            names_.settle();
            Seconds timeout = interval - (now - last_commit);
            if (reader_.unfinished()) timeout = std::min(timeout, report_gap);
            if (!account_.empty()) timeout = std::min(timeout, between_commits);
            if (names_.unsettled()) timeout = std::min(timeout, 1.0);
            source_.wait(timeout);
        }
    }

  private:
    // Names that were given to another device within the backlog must be known before its first
    // error is charged.
    Result<void> learn_backlog() {
        KernelLogReader learner([this](const KernelEvent& event, const KernelLogReader::Origin&) {
            names_.learn_backlog(event);
        });
        if (!source_.rewind()) return {};
        KmsgRecord record;
        while (true) {
            auto status = source_.next(record);
            if (!status) return Failure(status.error());
            if (*status != KernelLogSource::Status::record) break;
            if (record.facility == 0) learner.take(record.text, {});
        }
        source_.rewind();
        return {};
    }

    void take(const KmsgRecord& record) {
        const Timestamp now = context_.host.now();
        const double uptime = static_cast<double>(record.microseconds) * 1e-6;
        Timestamp time =
            context_.host.recorded() ? boot_time_ + uptime : now - kernel_clock() + uptime;
        if (time > now && !context_.host.recorded()) time = now;
        count_lost(record.sequence, time);
        last_sequence_ = record.sequence;
        const bool counting = !counted_ || record.sequence > *counted_;
        if (counting && !counting_) reader_.flush();  // what began before was counted before
        counting_ = counting;
        account_.set_counting(counting);
        if (record.facility != 0) return;  // a program wrote this
        last_record_ = kernel_clock();
        const KernelLogReader::Origin origin{time, record.device};
        if (record.text.find('\\') == std::string_view::npos) {
            reader_.take(record.text, origin);
        } else {
            reader_.take(unescape_kmsg(record.text), origin);
        }
    }

    void count_lost(uint64_t sequence, Timestamp time) {
        uint64_t expected = sequence;
        if (last_sequence_) {
            expected = *last_sequence_ + 1;
        } else if (counted_) {
            expected = *counted_ + 1;
        } else if (started_before_) {
            expected = 0;  // since the host was booted we have not been here
        }
        if (sequence <= expected) return;
        account_.set_counting(true);
        account_.add_lost(sequence - expected, time);
    }

    void commit() {
        for (Observation& observation : account_.drain()) {
            context_.sink.increment(std::move(observation));
        }
        // A command whose report is unfinished is not counted yet, but its records are before the
        // cursor: it is completed within milliseconds, and lost only if we are killed within them.
        const auto sequence = last_sequence_ ? last_sequence_ : counted_;
        context_.sink.commit(sequence ? fmt::format("{}:{}", boot_, *sequence) : context_.cursor);
    }

    Context& context_;
    KernelLogSource source_;
    HostKernelLogNames names_;
    KernelLogAccount account_;
    KernelLogReader reader_;
    std::string boot_;
    std::optional<uint64_t> counted_;  // by an earlier run in this boot
    bool started_before_ = false;
    bool counting_ = true;
    std::optional<uint64_t> last_sequence_;
    Timestamp boot_time_ = 0;
    Seconds last_record_ = 0;
    Seconds flood_since_ = kernel_clock();
};

Result<void> run(Context& context) {
    const std::string& path = context.config.kernel_log_source;
    auto fd = context.host.open(path);
    if (!fd) {
        if (fd.error().kind != ErrorKind::denied) return Failure(fd.error());
        return fail(ErrorKind::denied,
                    fmt::format("{}: permission denied. Run as root, or with CAP_SYSLOG and read "
                                "permission for the device",
                                path));
    }
    return KernelLogCollector(context, *fd).run();
}

}  // namespace

extern const Collector kernel_log_collector;
const Collector kernel_log_collector{
    .name = "kernel_log",
    .summary = "Errors that the kernel logs about drives, arrays and filesystems, as they happen.",
    .kind = CollectorKind::stream,
    .interval = interval,
    .deadline = 30,
    .run = run,
};

}  // namespace lastgood
