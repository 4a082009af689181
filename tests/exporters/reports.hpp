// Reports of made-up hosts for the tests of the exporters. The same on each call.
#pragma once

#include "core/report.hpp"

namespace lastgood::test {

// 2026-09-21 14:13:20 UTC; all reports are written 4 s before.
inline constexpr Timestamp report_time = 1'790'000'000;

Report empty_host();                          // the first report: no collector has run yet
Report virtual_machine();                     // drives without health data, filesystems, no backups
Report healthy_host(int drives = 4);          // mirrors, filesystems, backups
Report failing_drive();                       // pending sectors and kernel errors on sdb
Report degraded_array();                      // md0 has lost a member and rebuilds
Report stale_backup();                        // the newest copy of db8 is 912 days old
Report sleeping_drive();                      // sdc is in standby
Report unreadable_host();                     // collectors run but have no permission to read
Report every_metric();                        // one observation of each metric
Labels made_up_labels(const Metric& metric);  // each label of the metric, with the value "x"
Report hostile_names();  // model, serial and mount point contain escape sequences and garbage

}  // namespace lastgood::test
