// What a backup has, and the streams of copies in its place.
#include <fmt/core.h>

#include "core/metrics/backup_streams.hpp"
#include "core/metrics/backups.hpp"
#include "core/utf8.hpp"
#include "exporters/status/describe.hpp"
#include "exporters/status/text.hpp"

namespace lastgood {

// "20, 3 of them late, the longest without a new copy: qemu-101, 16 h"
void describe_streams(Description& backup) {
    backup.row("of", backup.take_label(metric::backup_info, "covers"));
    backup.take(metric::backup_late_with_others);  // the finding of the whole says it
    const auto streams = backup.take(metric::backup_streams);
    const double late = backup.take(metric::backup_late_streams).value_or(0) +
                        backup.take(metric::backup_long_late_streams).value_or(0);
    if (!streams && late <= 0) return;
    const Judge& judge = backup.judgements();
    const std::string prefix = backup.subject().id + "/";
    std::string oldest;
    double time = judge.now();
    for (const Subject* stream : judge.facts().of(SubjectKind::backup)) {
        const Observation* newest = newest_copy(*stream);
        if (!stream->id.starts_with(prefix) || newest == nullptr || newest->value > time) continue;
        time = newest->value;
        oldest = harmless(stream->id.substr(prefix.size()));
    }
    backup.row("streams",
               sentence_of({streams ? fmt::format("{:.0f}", *streams) : "",
                            late > 0 ? fmt::format("{:.0f} of them late", late) : "",
                            oldest.empty() ? ""
                                           : fmt::format("the longest without a new copy: {}, {}",
                                                         oldest, short_age(judge.now() - time))}));
}

}  // namespace lastgood
