#include <iterator>

#include "rules/rule.hpp"
#include "rules/table/table.hpp"

namespace lastgood {

std::span<const Rule> all_rules() {
    static const std::vector<Rule> rules = [] {
        std::vector<Rule> all;
        for (auto* part :
             {table::drive_failing_rules, table::drive_suspect_rules, table::drive_message_rules,
              table::drive_slow_rules, table::array_rules, table::array_risk_rules,
              table::filesystem_rules, table::data_rules, table::backup_rules,
              table::backup_plan_rules, table::backup_hop_rules, table::backup_job_rules,
              table::spool_rules, table::probe_rules, table::host_rules, table::agent_rules}) {
            std::vector<Rule> some = part();
            all.insert(all.end(), std::make_move_iterator(some.begin()),
                       std::make_move_iterator(some.end()));
        }
        return all;
    }();
    return rules;
}

}  // namespace lastgood
