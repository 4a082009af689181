#!/bin/sh
# Prints the table of all settings as C++, from core/settings.hpp.
set -eu
names=$(sed -n 's/^    Setting<.*> \([a-z0-9_]*\){$/\1/p' "$1")
echo '#include "core/settings.hpp"'
echo 'namespace lastgood {'
echo 'std::span<const SettingMember> all_settings() {'
echo '    static constexpr SettingMember table[] = {'
for name in $names; do echo "        &Settings::$name,"; done
echo '    };'
echo '    // Compiles only if no member is left out: there must be as many names as members.'
echo '    [[maybe_unused]] const auto whole = [](const Settings& settings) {'
echo "        [[maybe_unused]] const auto& [$(echo "$names" | paste -sd ,)] = settings;"
echo '    };'
echo '    return table;'
echo '}'
echo '}  // namespace lastgood'
