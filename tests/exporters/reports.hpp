// Made-up hosts for the exporters' tests.
#pragma once

#include "core/report.hpp"

namespace lastgood::test {

inline constexpr Timestamp report_time =
    1'790'000'000;  // 2026-09-21 14:13:20 UTC; every report was written 4 s before

Report empty_host();                          // a first report: nothing has been found
Report virtual_machine();                     // drives without health, filesystems, no backups
Report healthy_host(int drives = 4);          // mirrors, filesystems, backups
Report failing_drive();                       // pending sectors and kernel errors on sdb
Report degraded_array();                      // md0 has lost a member and rebuilds
Report stale_backup();                        // db8's newest copy is 912 days old
Report sleeping_drive();                      // sdc is in standby
Report unreadable_host();                     // collectors run and may not read anything
Labels made_up_labels(const Metric& metric);  // every label that it may have, with "x"
Report hostile_names();  // model, serial and mount point with escape sequences and rubbish

}  // namespace lastgood::test
