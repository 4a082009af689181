// `lastgood explain` for a saved kernel log. There is no live host: the log itself shows which
// device name, port or address belongs to which drive.
#include "collectors/explainer.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "collectors/kernel_log/account.hpp"
#include "collectors/kernel_log/parse/log_time.hpp"
#include "collectors/kernel_log/parse/reader.hpp"
#include "collectors/kernel_log/parse/text.hpp"
#include "collectors/kernel_log/parse/trouble.hpp"
#include "collectors/kernel_log/saved_names.hpp"
#include "core/bytes.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t max_recognise_bytes = 64 * kib;

bool recognises(std::string_view text) {
    bool found = false;
    for_each_kernel_message(text.substr(0, max_recognise_bytes),
                            [&found](std::string_view message, const KernelLogLine& line) {
                                found = found || !line.uptime.empty() || !line.civil_time.empty() ||
                                        parse_kernel_message(message);
                            });
    return found;
}

// A name that umount(8) and others take; bcachefs goes by its UUID.
std::string path_of(const std::string& filesystem) {
    constexpr size_t uuid = 36;
    const bool named = filesystem.size() != uuid || filesystem[8] != '-' || filesystem[23] != '-';
    return named ? "/dev/" + filesystem : filesystem;
}

// A journal's message without a device belongs to the only filesystem that the log names.
void name_unknown_filesystem(std::vector<Observation>& observations) {
    std::set<std::string> named;
    for (const Observation& observation : observations)
        if (observation.metric->subject == SubjectKind::filesystem &&
            observation.subject != unknown_filesystem)
            named.insert(observation.subject);
    if (named.size() != 1) return;
    for (Observation& observation : observations)
        if (observation.subject == unknown_filesystem && observation.label("layer") == "journal")
            observation.subject = *named.begin();
}

// The message of a program: "smartd[1876]: Device: …" → "smartd" and the text behind it.
std::pair<std::string_view, std::string_view> program_and_message(std::string_view text) {
    const std::string_view name = text.substr(0, std::min(text.size(), text.find_first_of("[: ")));
    text.remove_prefix(name.size());
    if (text.starts_with('[')) {
        const size_t end = text.find("]:");
        if (end == text.npos) return {};
        text.remove_prefix(end + 1);
    }
    if (!text.starts_with(':')) return {};
    return {name, trim_start(text.substr(1), " ")};
}

// CAM's and GEOM's messages: "(da0:mps0:0:0:0): SCSI sense: MEDIUM ERROR …",
// "GEOM_MIRROR: Device gm0: provider ada0 disconnected."
bool is_freebsd(std::string_view message) {
    if (message.starts_with("GEOM_") && contains(message.substr(0, 24), ": ")) return true;
    if (!message.starts_with('(')) return false;
    const size_t end = message.substr(0, 48).find("): ");
    return end != message.npos && std::ranges::count(message.substr(0, end), ':') == 4;
}

// Reads all messages; charges the kernel's to the account.
class LogReader {
  public:
    LogReader(const LogText& text, Timestamp now, ExplainSink& sink)
        : text_(text), now_(now), sink_(sink) {}

    void read() {
        for (const std::string_view piece : text_.pieces) {
            for_each_log_message(
                piece,
                [this](std::string_view message, const KernelLogLine& line, std::string_view raw) {
                    take_kernel(message, line, raw);
                },
                [this](const KernelLogLine& line, std::string_view raw) {
                    take_program(line, line.message, raw);
                });
        }
        reader_.flush();
    }

    const SavedLogNames& names() const { return names_; }
    KernelLogAccount& account() { return account_; }
    const LogLines& lines() const { return lines_; }

  private:
    void count(std::string_view raw) {
        if (lines_.count++ == 0) lines_.first = raw;
        lines_.last = raw;
    }

    void take_kernel(std::string_view message, const KernelLogLine& line, std::string_view raw) {
        const bool prefixed = !line.uptime.empty() || !line.civil_time.empty();
        if (prefixed) count(raw);
        if (prefixed) ++lines_.judged;
        if (const auto event = parse_kernel_message(message)) {
            if (event->layer == KernelLayer::scsi) names_.learn_address(*event);
            if (!prefixed) ++lines_.judged;
            if (!prefixed) count(raw);
            if (event->kind == KernelEventKind::named) {
                if (looks_like_trouble(message)) sink_.not_understood(raw);
                return;
            }
            const bool dated = !line.civil_time.empty();
            const auto time = dated ? time_of(line.civil_time, now_) : std::nullopt;
            reader_.feed(message, {time.value_or(now_), {}, raw, time.has_value()});
        } else if (!freebsd_ && is_freebsd(message)) {
            freebsd_ = true;
            sink_.problem("", {ErrorKind::malformed,
                               "this is a log of FreeBSD's kernel: explain reads Linux' only"});
        } else if (prefixed) {
            if (looks_like_trouble(message)) sink_.not_understood(raw);
        } else if (!take_program(line, message, raw) && line_looks_like_trouble(message)) {
            sink_.not_understood(raw);
        }
    }

    // False if it is of no program that can be explained.
    bool take_program(const KernelLogLine& line, std::string_view text, std::string_view raw) {
        const bool prefixed = !line.uptime.empty() || !line.civil_time.empty();
        if (prefixed) count(raw);
        if (text_.programs.empty()) return false;
        const Wrapped above = std::exchange(wrapped_, {});
        const auto [program, message] = program_and_message(text);
        for (const ProgramLogExplainer* explainer : text_.programs) {
            if (explainer->program != program) continue;
            if (!prefixed) count(raw);
            const auto time = prefixed ? time_of(line.civil_time, now_) : std::nullopt;
            if (!explainer->explain(message, raw, time.value_or(now_), sink_)) {
                wrapped_ = {explainer, message, raw, time.value_or(now_)};
                // Told only with the next line, or perhaps somebody's own words.
                if (message.ends_with(',') || program == "Device") return true;
            }
            ++lines_.judged;
            return true;
        }
        return !prefixed && (take_wrapped(above, text) || take_quoted(text, raw));
    }

    struct Wrapped {
        const ProgramLogExplainer* explainer = nullptr;
        std::string_view message;
        std::string_view raw;
        Timestamp time = 0;
    };

    // The rest of a message that a mail or a web page broke into two lines.
    bool take_wrapped(const Wrapped& above, std::string_view text) {
        if (above.explainer == nullptr) return false;
        const std::string whole = std::string(above.message) + ' ' + std::string(trim(text));
        if (!above.explainer->explain(whole, above.raw, above.time, sink_)) return false;
        ++lines_.judged;
        return true;
    }

    // smartd's message behind words of somebody who cites it.
    bool take_quoted(std::string_view text, std::string_view raw) {
        constexpr std::string_view label = "Device: ";
        const size_t start = text.find("Device: /dev/");
        if (start == text.npos) return false;
        for (const ProgramLogExplainer* explainer : text_.programs) {
            if (explainer->program != "Device") continue;
            if (!explainer->explain(text.substr(start + label.size()), raw, now_, sink_))
                return false;
            count(raw);
            ++lines_.judged;
            return true;
        }
        return false;
    }

    const LogText& text_;
    Timestamp now_;
    ExplainSink& sink_;
    LogLines lines_;
    bool freebsd_ = false;
    Wrapped wrapped_;  // a program's message just above that told nothing
    SavedLogNames names_;
    KernelLogAccount account_{names_};
    KernelLogReader reader_{
        [this](const KernelEvent& event, const KernelLogReader::Origin& origin) {
            names_.learn(event);
            names_.note_state(event, origin);
            account_.charge(event, origin);
        }};
};

struct Sum {
    double value = 0;
    Timestamp newest = 0;
    EvidenceList evidence;
};

}  // namespace

LogLines explain_log(const LogText& text, Timestamp now, ExplainSink& sink) {
    LogReader log(text, now, sink);
    log.read();
    const SavedLogNames& names = log.names();

    // Several names may resolve to one drive.
    std::map<std::pair<const Metric*, std::string>, std::map<Labels, Sum>> sums;
    std::set<std::string> drives;
    std::set<std::string> controllers;  // or drives behind one, which have no names
    std::set<std::string> filesystems;
    std::vector<EvidenceList> evidence;
    std::vector<Observation> counted = log.account().drain(&evidence);
    for (Observation& observation : counted)
        if (observation.metric->subject == SubjectKind::filesystem)
            observation.subject = names.bearer(observation.subject);
    name_unknown_filesystem(counted);
    for (size_t i = 0; i < counted.size(); ++i) {
        Observation& observation = counted[i];
        if (observation.metric->subject == SubjectKind::drive) {
            observation.subject = names.resolve(observation.subject);
            if (observation.subject.empty()) continue;
            if (observation.label("layer") == to_string(KernelLayer::controller)) {
                controllers.insert(observation.subject);
            } else {
                drives.insert(observation.subject);
            }
        }
        if (observation.metric->subject == SubjectKind::filesystem &&
            observation.subject != unknown_filesystem) {
            // An earlier filesystem has no device for the commands of advice.
            if (!observation.subject.ends_with(earlier)) filesystems.insert(observation.subject);
            observation.subject = path_of(observation.subject);
        }
        Sum& sum = sums[{observation.metric, observation.subject}][observation.labels];
        sum.value += observation.value;
        sum.newest = std::max(sum.newest, observation.observed_at);
        sum.evidence.add(evidence[i]);
    }
    for (const std::string& drive : drives) {
        sink.observe(metric::drive_info, drive, 1, now, {{"device", drive}});
    }
    for (const std::string& controller : controllers) {
        if (drives.contains(controller)) continue;
        sink.observe(metric::drive_info, controller, 1, now,
                     {{"device", controller}, {"model", "a controller or a drive behind it"}});
    }
    for (const std::string& filesystem : filesystems) {
        sink.observe(metric::filesystem_info, path_of(filesystem), 1, now,
                     {{"device", names.devices(filesystem)}, {"fstype", names.fstype(filesystem)}});
    }
    for (const auto& [key, series] : sums) {
        for (const auto& [labels, sum] : series) {
            sink.observe(*key.first, key.second, sum.value, sum.newest, labels);
            if (sum.evidence.count > 0)
                sink.evidence[{key.first, key.second, labels}].add(sum.evidence);
        }
    }
    names.observe_states(now, sink);
    return log.lines();
}

namespace {

Result<void> explain(std::string_view text, Timestamp now, ExplainSink& sink) {
    explain_log({{&text, 1}, {}}, now, sink);
    return {};
}

}  // namespace

const Explainer kernel_log_explainer{
    .what = "a kernel log",
    .command = {},
    .recognises = recognises,
    .explain = explain,
    .may_be_empty = true,
};

}  // namespace lastgood
