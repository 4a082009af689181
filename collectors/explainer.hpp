// The interface between a parser and `lastgood explain`: finding outputs of one kind in a pasted
// text, and explaining them. `explain` splits the text: each output becomes a section, and all
// other lines are read as a system log.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/observation.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace lastgood {

// One place in the explained text that shows a fact.
struct Evidence {
    std::string_view line;           // lies in the explained text; without its line break
    std::optional<uint64_t> sector;  // in the unit of the line
    std::optional<Timestamp> time;   // only if the line has a date
};

// Many places that show the same fact: the first ones, the last one and their number.
struct EvidenceList {
    static constexpr size_t most_kept = 3;
    std::vector<Evidence> first;  // at most `most_kept`, in the order of the text
    Evidence last;                // equal to first.back() if count <= most_kept
    uint64_t count = 0;
    void add(const Evidence& evidence);
    void add(const EvidenceList& later);
};

// Receives the observations of one section and the lines that show them.
class ExplainSink : public MemorySink {
  public:
    struct Key {
        const Metric* metric;
        std::string subject;
        Labels labels;
        auto operator<=>(const Key&) const = default;
    };
    // The line shows the fact that an observation of the same metric, subject and labels tells.
    void seen(const Metric& metric, std::string_view subject, const Evidence& evidence,
              Labels labels = {});
    // An observation and the line that shows it: `tell` replaces the value of the same series,
    // `count` adds to it, `forget` removes the series and its lines.
    void tell(const Metric& metric, std::string_view subject, double value, Timestamp at,
              std::string_view line, Labels labels = {});
    void count(const Metric& metric, std::string_view subject, Timestamp at, std::string_view line,
               Labels labels = {}, double more = 1);
    void forget(const Metric& metric, std::string_view subject, const Labels& labels = {});
    // A line that looks like trouble but is of no known form. Keeps the first ones and the number.
    void not_understood(std::string_view line);

    std::map<Key, EvidenceList> evidence;
    std::vector<std::string_view> strange_lines;  // at most most_strange_lines
    uint64_t strange_line_count = 0;
    static constexpr size_t most_strange_lines = 5;

  private:
    Observation& series(const Metric& metric, std::string_view subject, const Labels& labels,
                        Timestamp at);
};

// Finds evidence by words, for parsers that do not know their lines: the lines of the section that
// contain the first of the words that occurs at all show the metric.
struct EvidenceWords {
    const Metric* metric = nullptr;
    std::vector<std::string_view> words;
};

enum class Begin {
    no,
    part,    // an output of this kind, perhaps in its middle: begins a section if none is open
    output,  // the first line of an output: also ends an open section of the same kind
};

struct Explainer {
    std::string_view what;  // for people: "a kernel log", "smartctl's JSON output"
    // The command that prints it ("smartctl"), to find the device in the command line above the
    // output; empty for files.
    std::string_view command;
    // Whether an output begins at this line, which has no line break, quote marks or blanks at its
    // start. Called for every line of any text without a log's prefix: look at the first characters
    // first. nullptr: never begins at a line.
    Begin (*begins)(std::string_view line) = nullptr;
    // The length in bytes of the output that begins at the start of `text`, which ends where a
    // section of another kind begins at the latest; 0: it is none of this kind after all. nullptr:
    // all of `text` without the blank lines at its end.
    size_t (*extent)(std::string_view text) = nullptr;
    // Whether a text in which nothing began is of this kind. Must look at a few kilobytes at most,
    // because it is called for texts of any size. nullptr: never.
    bool (*recognises)(std::string_view text) = nullptr;
    // Writes the observations in the text to `sink`; `now` is their time where the text has none.
    Result<void> (*explain)(std::string_view text, Timestamp now, ExplainSink& sink) = nullptr;
    // A text without observations is a valid answer: an mdstat without arrays.
    bool may_be_empty = false;
    // The lines that show the observations; nullptr: `explain` calls sink.seen().
    std::span<const EvidenceWords> (*words)() = nullptr;
};

// Explains the messages of a program other than the kernel in a system log, such as smartd.
struct ProgramLogExplainer {
    std::string_view program;  // as in "smartd[1876]: …"
    // `message` is the text behind "smartd[1876]: ". False if it tells nothing.
    bool (*explain)(std::string_view message, std::string_view line, Timestamp at,
                    ExplainSink& sink) = nullptr;
};

// What is left of a text without its sections, in pieces of whole lines.
struct LogText {
    std::span<const std::string_view> pieces;
    std::span<const ProgramLogExplainer* const> programs;
};

// The lines of a log that were understood: with a prefix of a log, or a known message.
struct LogLines {
    std::string_view first, last;
    uint64_t count = 0;
    uint64_t judged = 0;  // those of the kernel, and of programs that can be explained
};

// Reads the kernel's messages in all pieces, in order, and hands the messages of other programs to
// `text.programs`. Returns the lines that it understood.
LogLines explain_log(const LogText& text, Timestamp now, ExplainSink& sink);

// The length of the JSON object or array at the start of the text, or of the whole text if it does
// not end there; 0 if there is none. For Explainer::extent.
size_t json_extent(std::string_view text);

// Defined beside the parsers.
extern const Explainer kernel_log_explainer;
extern const Explainer smartctl_json_explainer;
extern const Explainer smartctl_text_explainer;
extern const Explainer nvme_json_explainer;
extern const Explainer atasmart_blob_explainer;
extern const Explainer nvme_text_explainer;
extern const Explainer mdstat_explainer;
extern const Explainer mdadm_mail_explainer;
extern const Explainer mdadm_output_explainer;  // --detail and --examine
extern const Explainer unraid_explainer;
extern const Explainer btrfs_output_explainer;  // device stats and scrub status
extern const Explainer zpool_status_explainer;
extern const ProgramLogExplainer smartd_explainer;
extern const ProgramLogExplainer
    smartd_mail_explainer;  // its lines "Device: …" alone, as in a mail
extern const ProgramLogExplainer mdadm_explainer;
extern const ProgramLogExplainer mdmonitor_explainer;  // the same, under the name of its unit
extern const ProgramLogExplainer zed_explainer;

}  // namespace lastgood
