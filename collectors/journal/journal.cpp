// The collector of systemd's journal: streams increments for what smartd, mdadm's monitor and ZFS's
// event daemon report.
#include <poll.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "collectors/collector.hpp"
#include "collectors/journal/account.hpp"
#include "collectors/journal/names.hpp"
#include "collectors/journal/source.hpp"
#include "core/clock.hpp"
#include "core/metrics/host.hpp"

namespace lastgood {

namespace {

constexpr Seconds interval = 300;
// Every program's entries wake this collector. It looks at once after a quiet time, and no more
// often than this while other programs write all the time.
constexpr Seconds min_look_interval = 5;
constexpr size_t entries_per_commit = 1000;
constexpr size_t entries_per_opening = 50;  // more are worth giving back their pages
constexpr size_t most_entries_to_learn = 100'000;

void sleep_for(Seconds seconds) {
    if (seconds > 0) poll(nullptr, 0, static_cast<int>(std::ceil(seconds * 1000)));
}

std::string boot_id(const Host& host) {
    std::string id = host.read_line("/proc/sys/kernel/random/boot_id").value_or("");
    std::erase(id, '-');
    return id;
}

class JournalCollector {
  public:
    JournalCollector(Context& context, JournalSource source)
        : context_(context),
          source_(std::move(source)),
          names_(
              context.host,
              [&context]() -> std::optional<Topology> {
                  auto topology = Topology::read(context.host, context.config.loop_devices);
                  if (!topology) return std::nullopt;
                  return std::move(*topology);
              },
              monotonic_clock),
          account_(names_),
          boot_(boot_id(context.host)) {}

    Result<void> run() {
        auto started = source_.start(context_.cursor, first_time());
        if (!started) return started;
        const bool ends = context_.once || context_.host.recorded();
        if (!ends) commit();
        while (true) {
            const Seconds looked_at = monotonic_clock();
            const auto entries = read_all();
            if (!entries) return Failure(entries.error());
            // Entries of no trouble are not worth a new report.
            const bool due = monotonic_clock() - committed_at_ >= interval;
            if (ends || due || !account_.empty()) commit();
            if (ends) return {};
            if (due || *entries >= entries_per_opening) {
                auto reopened = reopen();
                if (!reopened) return reopened;
                continue;  // what was written meanwhile wakes nobody
            }
            if (source_.wait(committed_at_ + interval - monotonic_clock()))
                sleep_for(looked_at + min_look_interval - monotonic_clock());
            names_.look();
        }
    }

  private:
    // Where to begin without a cursor. What is older than this boot may be under other names, and
    // smartd repeats what lasts.
    Timestamp first_time() const {
        return std::max(context_.host.now() - context_.config.kernel_log_window,
                        context_.host.boot_time());
    }

    // Gives back the pages of the files: libsystemd keeps all that it has read mapped, up to 512
    // MiB.
    Result<void> reopen() {
        auto fresh = JournalSource::open(context_.host, context_.config.journal_directory);
        if (!fresh) return Failure(fresh.error());
        if (!fresh->has_files()) return {};
        auto started = fresh->start(source_.cursor(), first_time());
        if (!started) return started;
        source_ = std::move(*fresh);
        return {};
    }

    // Returns the number of entries.
    Result<size_t> read_all() {
        for (size_t entries = 0;; ++entries) {
            JournalEntry entry;
            const auto more = source_.next(entry);
            if (!more) return Failure(more.error());
            if (!*more) return entries;
            take(entry);
            if (entries % entries_per_commit == entries_per_commit - 1 && !context_.once) commit();
        }
    }

    void take(const JournalEntry& entry) {
        const auto message = entry.fields.message();
        if (!message) return;
        const JournalReport report = report_of(*message, entry.time);
        const bool this_boot = entry.boot == boot_;
        if (report.identity && this_boot) names_.learn(*report.identity);
        // Left from before a long stop; it is not recent any more.
        if (entry.time < context_.host.now() - context_.config.kernel_log_window) return;
        for (const JournalEvent& event : report.events) {
            if (this_boot && event.metric->subject == SubjectKind::drive &&
                !names_.knows(event.name))
                learn_identities();
            account_.charge(event, entry.time, this_boot);
        }
    }

    // smartd's start may lie far before the cursor. Read once, from the newest to the oldest.
    void learn_identities() {
        if (has_learned_) return;
        has_learned_ = true;
        auto earlier = JournalSource::open(context_.host, context_.config.journal_directory);
        if (!earlier || !earlier->has_files() || !earlier->start_at_end()) return;
        std::vector<JournalIdentity> found;
        JournalEntry entry;
        for (size_t i = 0; i < most_entries_to_learn; ++i) {
            const auto more = earlier->previous(entry);
            if (!more || !*more || entry.boot != boot_) break;
            const auto message = entry.fields.message();
            if (!message) continue;
            auto identity = report_of(*message, entry.time).identity;
            if (identity && entry.time <= context_.host.now()) found.push_back(*identity);
        }
        std::for_each(found.rbegin(), found.rend(),
                      [this](const JournalIdentity& identity) { names_.learn(identity); });
    }

    void commit() {
        account_.drain(context_.sink);
        context_.sink.observe(metric::journal_followed, "", 1, context_.host.now());
        context_.sink.commit(source_.cursor());
        committed_at_ = monotonic_clock();
    }

    Context& context_;
    JournalSource source_;
    JournalNames names_;
    JournalAccount account_;
    std::string boot_;
    bool has_learned_ = false;
    Seconds committed_at_ = 0;
};

Result<void> run(Context& context) {
    while (true) {
        auto source = JournalSource::open(context.host, context.config.journal_directory);
        if (!source) return Failure(source.error());
        if (source->has_files()) return JournalCollector(context, std::move(*source)).run();
        // A host without a journal, or without files of it yet.
        context.sink.observe(metric::journal_followed, "", 0, context.host.now());
        context.sink.commit(context.cursor);
        if (context.once || context.host.recorded()) return {};
        if (source->wait(interval)) sleep_for(min_look_interval);
    }
}

}  // namespace

extern const Collector journal_collector;
const Collector journal_collector{
    .name = "journal",
    .summary = "What smartd, mdadm's monitor and ZFS's event daemon report in systemd's journal",
    .kind = CollectorKind::stream,
    .interval = interval,
    .deadline = 30,
    .run = run,
};

}  // namespace lastgood
