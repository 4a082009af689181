#include "core/info_metric.hpp"

#include "core/metrics/arrays.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/data.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/metrics/probes.hpp"
#include "core/metrics/spools.hpp"

namespace lastgood {

const Metric* info_metric(SubjectKind kind) {
    switch (kind) {
        case SubjectKind::drive:
            return &metric::drive_info;
        case SubjectKind::array:
            return &metric::array_info;
        case SubjectKind::filesystem:
            return &metric::filesystem_info;
        case SubjectKind::data:
            return &metric::data_info;
        case SubjectKind::backup:
            return &metric::backup_info;
        case SubjectKind::spool:
            return &metric::spool_info;
        case SubjectKind::probe:
            return &metric::probe_info;
        case SubjectKind::host:
        case SubjectKind::collector:
            return nullptr;
    }
    return nullptr;
}

}  // namespace lastgood
