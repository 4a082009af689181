#include "rules/stake.hpp"

#include <fmt/core.h>

#include <string_view>

#include "core/judgement.hpp"

namespace lastgood {

namespace {

// Backups with all data that this one has some of, its copies, and what it is a copy of: those that
// are fine. The arguments: instance and job, then four times instance, job and name.
constexpr std::string_view other_fine_copies =
    "lastgood_backup_health{instance=%q,job=%q,state=\"fine\"} == 1 and on (backup) "
    "(lastgood_data_backup{instance=%q,job=%q,part=\"\",backup!=%q} and on (data) "
    "lastgood_data_backup{instance=%q,job=%q,backup=%q} or "
    "lastgood_backup_copy_of{instance=%q,job=%q,original=%q,backup!~\".*/.*\"} or "
    "label_replace(lastgood_backup_copy_of{instance=%q,job=%q,backup=%q}, "
    "\"backup\", \"$1\", \"original\", \"(.+)\"))";

}  // namespace

std::string stake_for_prometheus() {
    constexpr std::string_view who = " $labels.instance $labels.job";
    std::string arguments(who);
    for (int i = 0; i < 4; ++i) arguments += fmt::format("{} $whole", who);
    return fmt::format(
        "{{{{ with $labels.covers }}}}Data: {{{{ . }}}}\n{{{{ end }}}}"
        "{{{{ with $labels.location }}}}Copies: {{{{ . }}}}\n{{{{ end }}}}"
        "{{{{ $whole := reReplaceAll \"/.*\" \"\" $labels.backup }}}}"
        "{{{{ with query (printf `{}`{}) }}}}Fine copies elsewhere: {{{{ range $i, $one := . }}}}"
        "{{{{ if $i }}}}, {{{{ end }}}}{{{{ $one.Labels.backup }}}}{{{{ end }}}}\n"
        "{{{{ else }}}}{}\n{{{{ end }}}}",
        other_fine_copies, arguments, no_other_copy);
}

}  // namespace lastgood
