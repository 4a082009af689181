#include "collectors/journal/account.hpp"

#include <algorithm>

namespace lastgood {

namespace {

// Whether it is a name of a pool: zpool(8) allows letters, digits and these characters.
bool is_pool_name(std::string_view name) {
    return !name.empty() && name.size() <= 255 &&
           name.find_first_not_of(
               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.: ") ==
               std::string_view::npos;
}

}  // namespace

void JournalAccount::charge(const JournalEvent& event, Timestamp at, bool this_boot) {
    std::string subject;
    if (event.metric->subject == SubjectKind::array) {
        if (is_pool_name(event.name)) subject = event.name;
    } else {
        subject = names_.drive(event.name, at, this_boot);
    }
    if (subject.empty()) return;
    Observation& one = series_[{event.metric, subject, event.labels}];
    one = {event.metric, subject, event.labels, one.value + 1, std::max(one.observed_at, at)};
}

void JournalAccount::drain(Sink& sink) {
    for (auto& entry : series_) sink.increment(std::move(entry.second));
    series_.clear();
}

}  // namespace lastgood
