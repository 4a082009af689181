// The keys of [[backup]] that say what is asked of it over time.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "agent/config/reader.hpp"
#include "core/backup_plan.hpp"

namespace lastgood {

struct BackupPlanKey {
    std::string_view name;
    void (*read)(ConfigReader& reader, const toml::node& node, BackupPlan& plan);
};
std::span<const BackupPlanKey> backup_plan_keys();

// slots may call a stream "BACKUP/STREAM", as status does: leaves the stream's own name.
void accept_names_with_backup(Backup& backup);

// What is wrong between keys of one backup.
void check_backup_plan(ConfigReader& reader, const toml::table& table, const Backup& backup);

// The keys that differ from the defaults, and the defaults that say what is told, as TOML.
std::string to_toml(const BackupPlan& plan);

}  // namespace lastgood
