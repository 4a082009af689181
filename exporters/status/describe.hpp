// The facts of one subject as rows that a person reads. Each kind of subject has a function that
// words the metrics it knows; Description shows all other observations by their metric's name.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/judgement.hpp"
#include "exporters/status/text.hpp"

namespace lastgood {

enum class Ages { shown, hidden };

class Description {
  public:
    // With Ages::hidden nothing is said about ages, or about what is not known: a saved output has
    // only what it has.
    Description(const Subject& subject, const Judge& judgements, size_t width, bool colour,
                Ages ages);

    // These note that the description shows the observations.
    std::optional<double> take(const Metric& metric);
    std::string take_label(const Metric& metric, std::string_view key);  // safe to print
    void take(const Observation& observation);
    std::vector<const Observation*> take_all(const Metric& metric);

    // "title   text", wrapped. Empty text: no row.
    void row(std::string_view title, std::string_view text);
    // A row whose text says that something is not known; not shown of a saved output.
    void unknown(std::string_view title, std::string_view text);
    // A table with a line of titles; nothing without further rows.
    void table(const std::vector<std::vector<Cell>>& rows, std::vector<FitStep> steps,
               size_t names = 0);
    // All observations that nothing has taken, one row each, with their ages.
    void rest();

    const Subject& subject() const { return subject_; }
    const Judge& judgements() const { return judgements_; }
    bool saved() const { return ages_ == Ages::hidden; }
    std::string ago(Timestamp time) const;  // "40 s ago", "in 5 h"
    std::vector<std::string> lines;

  private:
    void add_rest(std::vector<std::vector<Cell>>& rows, const Observation& observation) const;

    const Subject& subject_;
    const Judge& judgements_;
    size_t width_;
    bool colour_;
    Ages ages_;
    std::set<const Observation*> taken_;
};

// A row for each word that it is backed up out of this host's sight; `until` is of its kind.
void describe_elsewhere(Description& description, const Metric& until);
void describe_drive(Description& description);
void describe_speed(Description& drive);  // how quick it is
void describe_array(Description& description);
void describe_filesystem(Description& description);
void describe_data(Description& description);
void describe_backup(Description& description);
void describe_spool(Description& description);
void describe_probe(Description& description);
void describe_streams(Description& backup);  // what it covers, and the streams in its place
void describe_job(Description& backup);      // the unit that makes its copies
// What the confidence of a newest copy means that only a unit's run tells of.
std::string proof_by_job(std::string_view confidence);
void describe_collector(Description& description);
void describe_host(Description& description);

// The kernel's errors of a subject: a row for each kind and layer.
void describe_kernel_errors(Description& description, const Metric& total, const Metric& recent);
// What other programs say of it in the journal: a row for each kind and program.
void describe_messages(Description& description, const Metric& total, const Metric& recent);

std::string number_text(double value);  // "12", "0.25"
// Words of the kernel for people: "write_error,blocked" becomes "write error, blocked".
std::string words_of(std::string_view words);
std::string percent_text(double ratio);  // "99%", also of 0.999: full is 100%
std::string sentence_of(
    const std::vector<std::string>& parts);  // joined by ", ", without empty ones
std::string names_of(const std::vector<const Subject*>& subjects);  // "md0, md1"

}  // namespace lastgood
