// The parsers of what backup tools are told to do: their configurations, units, crontabs, scripts.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/backups/parse/tool_job.hpp"
#include "collectors/backups/parse/unit_file.hpp"
#include "collectors/backups/parse/yaml_values.hpp"

namespace {

using namespace lastgood;

void require(bool condition) {
    if (!condition) std::abort();
}

void check(const std::vector<ToolJob>& jobs) {
    for (const ToolJob& job : jobs) {
        require(is_told(job.location) && !job.tool.empty());
        for (const std::string& path : job.covers) require(path.starts_with('/') && is_told(path));
        static_cast<void>(without_password(job.location));
    }
}

void check_commands(std::string_view text, const ShellVariables& variables) {
    for_each_command(text, variables, [](const ShellWords& words, const ShellVariables& set) {
        require(!words.empty());
        check(parse_backup_command(words, set));
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check(parse_rsnapshot_config(text));
    check(parse_borgmatic_config(text));
    check(parse_btrbk_config(text));
    check(parse_snapper_config(text));
    for (const YamlValue& one : parse_yaml_values(text)) require(one.told || one.value.empty());
    check_commands(text, {});
    const UnitFile unit = parse_unit_file(text);
    for (const std::string& command : unit.commands) check_commands(command, unit.environment);
    for (const bool has_user : {false, true})
        for (const CronCommand& command : parse_crontab(text, has_user))
            check_commands(command.text, command.environment);
    return 0;
}
