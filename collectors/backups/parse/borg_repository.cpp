#include "collectors/backups/parse/borg_repository.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "collectors/backups/parse/ini.hpp"

namespace lastgood {

Result<BorgConfig> parse_borg_config(std::string_view text) {
    BorgConfig config;
    bool repository = false;
    for (const auto& line : parse_ini(text)) {
        if (line.section != "repository") continue;
        repository = true;
        if (line.key == "id") config.id = line.value;
        if (line.key == "append_only") config.append_only = line.value == "1";
        if (line.key == "version") {
            const auto value = line.value;
            std::from_chars(value.data(), value.data() + value.size(), config.version);
        }
    }
    if (!repository)
        return fail(ErrorKind::malformed, "no borg repository: its config has no [repository]");
    if (config.version != 1)
        return fail(ErrorKind::malformed,
                    "a borg repository of another version than 1; observations of it can come by "
                    "the inbox");
    if (config.id.size() != 64 ||
        config.id.find_first_not_of("0123456789abcdef") != std::string::npos)
        return fail(ErrorKind::malformed, "no borg repository: its config has no id");
    return config;
}

std::optional<BorgLockHolder> parse_borg_lock(std::string_view name) {
    // The host may hold dots and dashes, so read from the end: "-THREAD", then ".PID".
    const size_t dash = name.rfind('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const size_t dot = name.rfind('.', dash);
    const size_t at = name.find('@');
    if (dot == std::string_view::npos || at == std::string_view::npos || at > dot)
        return std::nullopt;
    BorgLockHolder holder;
    holder.host = name.substr(0, at);
    const auto digits = name.substr(dot + 1, dash - dot - 1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), holder.process);
    if (error != std::errc() || end != digits.data() + digits.size() || holder.process <= 0)
        return std::nullopt;
    return holder;
}

std::optional<int64_t> parse_borg_transaction(std::string_view name, std::string_view prefix) {
    if (!name.starts_with(prefix)) return std::nullopt;
    name.remove_prefix(prefix.size());
    int64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error != std::errc() || end != name.data() + name.size() || number < 0) return std::nullopt;
    return number;
}

}  // namespace lastgood
