// The metrics as a file for node_exporter's textfile collector.
#pragma once

#include <string>

#include "core/report.hpp"

namespace lastgood {

// Replaces the file at `path` (which must end in ".prom", else node_exporter does not read it)
// atomically, readable by everybody. node_exporter shows the file for as long as it lies there, so
// its values carry no more than lastgood_report_timestamp_seconds says: the alert on that one must
// be loaded too.
Result<void> write_textfile(const Report& report, const std::string& path);

}  // namespace lastgood
