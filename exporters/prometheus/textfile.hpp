// The metrics as a file for node_exporter's textfile collector.
#pragma once

#include <string>

#include "core/report.hpp"

namespace lastgood {

// Replaces the file at `path` atomically; everybody may read it. `path` must end in ".prom",
// because node_exporter reads no other files. Blocks as long as the disk does. Runs in the process
// of `lastgood textfile`, because the file may lie on a filesystem that hangs. node_exporter serves
// the file even when nobody updates it. Load the alert on lastgood_report_timestamp_seconds too: it
// is the only sign that the values are old. Errors: malformed, if `path` does not end in ".prom";
// failed, if the file cannot be written.
Result<void> write_textfile(const Report& report, const std::string& path);

}  // namespace lastgood
