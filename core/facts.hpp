// The report arranged by subject, for the status screen and commands. Pure.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/report.hpp"

namespace lastgood {

struct Subject {
    SubjectKind kind = SubjectKind::host;
    std::string id;
    std::vector<const Observation*> observations;
    std::vector<const Finding*> findings;
    std::optional<Severity>
        worst;  // severity of its worst finding that is not accepted; nullopt: none

    const Observation* first(const Metric& metric) const;  // nullptr: no such metric here
    // Value of first(); nullopt: none.
    std::optional<double> value(const Metric& metric) const;
    // The label's value in the first series of `metric` that has one; "" if none has.
    std::string_view label(const Metric& metric, std::string_view key) const;
    // The name to display: the device name of a drive or array, "vg/lv" of an array of LVM, else
    // the id. Safe to print in a terminal.
    std::string name() const;
};

// Keeps pointers into the report, which must outlive it.
class Facts {
  public:
    explicit Facts(const Report& report);
    Facts(const Facts&) = delete;
    Facts& operator=(const Facts&) = delete;
    // Sorted by display name in natural order: sda, sdb, …, sdz, sdaa.
    const std::vector<const Subject*>& of(SubjectKind kind) const;
    // nullptr: no such subject.
    const Subject* find(SubjectKind kind, std::string_view id) const;
    // The subjects that `word` names: an id, device ("sdb", "/dev/sdb", a partition of a drive),
    // serial, WWN, name or UUID of an array, mount point, backup or collector name. An exact id
    // beats everything else; "host" or the host's name comes last. Empty: no match.
    std::vector<const Subject*> named(std::string_view word) const;

  private:
    Subject& at(SubjectKind kind, const std::string& id);
    void sort();
    std::string host_;
    std::map<std::pair<SubjectKind, std::string>, Subject> subjects_;
    std::array<std::vector<const Subject*>, named_subject_kinds.size() + 1> of_kind_;  // and host
};

// Display names for a sentence: "sda, sdb and 21 more"; "" if there are none.
std::string display_names(const std::vector<const Subject*>& subjects);

// Natural order: "md2" before "md10", "sdz" before "sdaa".
bool natural_less(std::string_view a, std::string_view b);

}  // namespace lastgood
