// The collector of the kernel log: streams increments of error counters.
#include <fmt/core.h>
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
#include "core/clock.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr Seconds interval = 60;
constexpr Seconds min_commit_interval = 0.05;  // errors within this time share a commit
constexpr Seconds report_timeout = 0.02;       // longest gap within the report of one command

// The last record that was counted: "BOOT_ID:SEQUENCE".
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
              monotonic_clock),
          account_(names_),
          reader_([this](const KernelEvent& event, const KernelLogReader::Origin& origin) {
              account_.charge(event, origin);
          }) {
        boot_ = context.host.read_line("/proc/sys/kernel/random/boot_id").value_or("unknown");
        if (const auto cursor = parse_cursor(context.cursor)) {
            has_cursor_ = true;
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
            const Seconds now = monotonic_clock();
            if (*status == KernelLogSource::Status::record) {
                take(record);
                if (!account_.empty() && now - last_commit >= min_commit_interval &&
                    !context_.once) {
                    if (now - drained_at_ >= min_commit_interval) {
                        commit();
                        last_commit = now;
                    }
                }
                continue;
            }
            // No record is waiting.
            drained_at_ = now;
            const bool ends = *status == KernelLogSource::Status::end || context_.once;
            if (ends || (reader_.pending() && now - last_record_ >= report_timeout))
                reader_.flush();
            if (ends || now - last_commit >= interval ||
                (!account_.empty() && now - last_commit >= min_commit_interval)) {
                commit();
                last_commit = now;
            }
            if (ends) return {};
            names_.settle();
            Seconds timeout = interval - (now - last_commit);
            if (reader_.pending()) timeout = std::min(timeout, report_timeout);
            if (!account_.empty()) timeout = std::min(timeout, min_commit_interval);
            if (names_.needs_settling()) timeout = std::min(timeout, 1.0);
            source_.wait(timeout);
        }
    }

  private:
    // Reused device names of the whole backlog must be known before its first error is charged.
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
            if (record.facility == 0) learner.feed(record.text, {});
        }
        source_.rewind();
        return {};
    }

    void take(const KmsgRecord& record) {
        const Timestamp now = context_.host.now();
        const double uptime = static_cast<double>(record.microseconds) * 1e-6;
        Timestamp time =
            context_.host.recorded() ? boot_time_ + uptime : now - monotonic_clock() + uptime;
        if (time > now && !context_.host.recorded()) time = now;
        count_lost(record.sequence, time);
        last_sequence_ = record.sequence;
        const bool counting = !counted_ || record.sequence > *counted_;
        if (counting && !counting_) reader_.flush();  // an earlier run has counted these commands
        counting_ = counting;
        account_.set_counting(counting);
        if (record.facility != 0) return;  // written by a program
        last_record_ = monotonic_clock();
        const KernelLogReader::Origin origin{time, record.device};
        if (!contains(record.text, '\\')) {
            reader_.feed(record.text, origin);
        } else {
            reader_.feed(unescape_kmsg(record.text), origin);
        }
    }

    void count_lost(uint64_t sequence, Timestamp time) {
        uint64_t expected = sequence;
        if (last_sequence_ || counted_) {
            expected = std::max(last_sequence_.value_or(0), counted_.value_or(0)) + 1;
        } else if (has_cursor_) {
            expected = 0;  // the first run in this boot: all its records should be there
        }
        if (sequence <= expected) return;
        account_.set_counting(true);
        account_.charge_lost(sequence - expected, time);
    }

    void commit() {
        for (Observation& observation : account_.drain()) {
            context_.sink.increment(std::move(observation));
        }
        // The cursor may be past the first records of a command whose report is pending. The report
        // is complete within milliseconds; that command is lost if this process is killed by then.
        const auto sequence = last_sequence_ ? last_sequence_ : counted_;
        context_.sink.commit(sequence ? fmt::format("{}:{}", boot_, *sequence) : context_.cursor);
    }

    Context& context_;
    KernelLogSource source_;
    HostKernelLogNames names_;
    KernelLogAccount account_;
    KernelLogReader reader_;
    std::string boot_;
    std::optional<uint64_t> counted_;  // last record that an earlier run in this boot has counted
    bool has_cursor_ = false;
    bool counting_ = true;
    std::optional<uint64_t> last_sequence_;
    Timestamp boot_time_ = 0;
    Seconds last_record_ = 0;                 // when the last kernel record was read
    Seconds drained_at_ = monotonic_clock();  // when no record was waiting
};

Result<void> run(Context& context) {
    const std::string& path = context.config.kernel_log_source;
    auto fd = context.host.open(path);
    if (!fd) {
        if (fd.error().kind == ErrorKind::absent)
            return fail(ErrorKind::absent,
                        fmt::format("there is no {}: give it to this container, or switch this "
                                    "collector off: [collectors.kernel_log] enabled = false",
                                    path));
        if (fd.error().kind != ErrorKind::denied) return Failure(fd.error());
        return fail(ErrorKind::denied,
                    fmt::format("{}: permission denied; run as root, or with CAP_SYSLOG and read "
                                "permission for the file",
                                path));
    }
    return KernelLogCollector(context, *fd).run();
}

}  // namespace

extern const Collector kernel_log_collector;
const Collector kernel_log_collector{
    .name = "kernel_log",
    .summary = "Errors that the kernel logs about drives, arrays and filesystems",
    .kind = CollectorKind::stream,
    .interval = interval,
    .deadline = 30,
    .run = run,
};

}  // namespace lastgood
