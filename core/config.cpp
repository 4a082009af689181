#include "core/config.hpp"

namespace lastgood {

std::string_view to_string(BackupKind kind) {
    switch (kind) {
        case BackupKind::files:
            return "files";
        case BackupKind::restic:
            return "restic";
        case BackupKind::borg:
            return "borg";
        case BackupKind::pgbackrest:
            return "pgbackrest";
        case BackupKind::stamp:
            return "stamp";
        case BackupKind::observed:
            return "observed";
    }
    return "observed";
}

}  // namespace lastgood
