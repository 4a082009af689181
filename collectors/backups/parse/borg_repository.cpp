#include "collectors/backups/parse/borg_repository.hpp"

#include <cstdint>

#include "collectors/backups/parse/ini.hpp"
#include "core/text.hpp"

namespace lastgood {

Result<BorgConfig> parse_borg_config(std::string_view text) {
    BorgConfig config;
    bool repository = false;
    for (const auto& line : parse_ini(text)) {
        if (line.section != "repository") continue;
        repository = true;
        if (line.key == "id") config.id = line.value;
        if (line.key == "append_only") config.append_only = line.value == "1";
        if (line.key == "version") config.version = parse_number<int>(line.value).value_or(0);
    }
    if (!repository)
        return fail(ErrorKind::malformed, "not a borg repository: its config has no [repository]");
    if (config.version != 1)
        return fail(
            ErrorKind::malformed,
            "this version of borg repositories is unknown, only version 1 is known; let the "
            "job touch a stamp file, and set stamp");
    if (config.id.size() != 64 || !consists_of(config.id, "0123456789abcdef"))
        return fail(ErrorKind::malformed, "not a borg repository: its config has no id");
    return config;
}

std::optional<BorgLockHolder> parse_borg_lock(std::string_view name) {
    // The host may contain dots and dashes, so read from the end: "-THREAD", then ".PID".
    const size_t dash = name.rfind('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const size_t dot = name.rfind('.', dash);
    const size_t at = name.find('@');
    if (dot == std::string_view::npos || at == std::string_view::npos || at > dot)
        return std::nullopt;
    BorgLockHolder holder;
    holder.host = name.substr(0, at);
    const auto digits = name.substr(dot + 1, dash - dot - 1);
    holder.process = parse_number<int>(digits).value_or(0);
    return holder.process > 0 ? std::optional(holder) : std::nullopt;
}

std::optional<int64_t> parse_borg_transaction(std::string_view name, std::string_view prefix) {
    if (!name.starts_with(prefix)) return std::nullopt;
    name.remove_prefix(prefix.size());
    const auto number = parse_number<int64_t>(name);
    return number && *number >= 0 ? number : std::nullopt;
}

}  // namespace lastgood
