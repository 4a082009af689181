// The report arranged by subject: what the status screen asks.
#pragma once

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
    std::optional<Severity> worst;  // of its findings

    const Observation* first(const Metric& metric) const;  // nullptr: none
    std::optional<double> value(const Metric& metric) const;
    // Of the first series of `metric` in which the label is not empty; "" when there is none.
    std::string_view label(const Metric& metric, std::string_view key) const;
    // What people call it: the device name of a drive or array, else the id. Harmless.
    std::string name() const;
};

// Refers to the report, which must outlive it.
class Facts {
  public:
    explicit Facts(const Report& report);
    // Sorted by name as people count: sda, sdb, …, sdz, sdaa.
    std::vector<const Subject*> of(SubjectKind kind) const;
    const Subject* find(SubjectKind kind, std::string_view id) const;
    // Those that a word names: an id, device ("sdb", "/dev/sdb", a partition of a drive), serial,
    // WWN, array, mount point, backup or collector name. An exact id beats everything else. "host",
    // or its name, names the host if it names nothing else.
    std::vector<const Subject*> named(std::string_view word) const;

  private:
    Subject& at(SubjectKind kind, const std::string& id);
    std::string host_;
    std::map<std::pair<SubjectKind, std::string>, Subject> subjects_;
};

bool natural_less(std::string_view a, std::string_view b);

}  // namespace lastgood
