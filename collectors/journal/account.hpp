// Adds up the increments of one batch.
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "collectors/journal/event.hpp"
#include "collectors/journal/names.hpp"
#include "core/observation.hpp"

namespace lastgood {

// Not thread-safe; reads what `names` reads.
class JournalAccount {
  public:
    // `names` must outlive the account.
    explicit JournalAccount(JournalNames& names) : names_(names) {}

    void charge(const JournalEvent& event, Timestamp at, bool this_boot);

    bool empty() const { return series_.empty(); }
    // Writes the increments since the last call, each with the time of its newest message.
    void drain(Sink& sink);

  private:
    JournalNames& names_;
    std::map<std::tuple<const Metric*, std::string, Labels>, Observation> series_;
};

}  // namespace lastgood
