#include "agent/commands/check_config.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "agent/config/surroundings.hpp"
#include "agent/config_file.hpp"
#include "core/print.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "core/words.hpp"
#include "exporters/status/text.hpp"

namespace lastgood {

namespace {

constexpr size_t width = 80, indent = 4;

std::string remarks_of(const std::vector<ConfigRemark>& remarks, std::string_view prefix) {
    std::string text;
    for (ConfigRemark remark : remarks) {
        remark.text.insert(0, prefix);
        for (const std::string& line : wrap(to_string(remark), width, indent)) text += line + '\n';
    }
    return text;
}

size_t count_in(const std::vector<ConfigRemark>& remarks, const std::string& file) {
    return static_cast<size_t>(std::ranges::count_if(
        remarks, [&](const ConfigRemark& remark) { return remark.place.file == file; }));
}

std::string verdict_of(const ConfigReading& reading, const std::string& file) {
    const size_t mistakes = count_in(reading.mistakes, file);
    const size_t warnings = count_in(reading.warnings, file);
    if (mistakes == 0 && warnings == 0) return "fine";
    if (mistakes == 0) return counted(warnings, "warning", "warnings");
    std::string wrong = counted(mistakes, "mistake", "mistakes");
    if (warnings == 0) return wrong;
    return fmt::format("{}, {}", wrong, counted(warnings, "warning", "warnings"));
}

}  // namespace

ConfigCheck describe_check(const ConfigReading& reading, const std::string& path) {
    ConfigCheck check;
    check.is_good = reading.mistakes.empty();
    check.mistakes = remarks_of(reading.mistakes, "") + remarks_of(reading.warnings, "warning: ");
    for (const std::string& file : reading.files)
        check.summary += fmt::format("{}: {}\n", harmless(file), verdict_of(reading, file));
    if (reading.files.empty())
        check.summary =
            fmt::format("There is no {}: lastgood uses its defaults, see lastgood config show.\n",
                        harmless(path));
    if (!check.is_good)
        check.summary +=
            "A running agent keeps the configuration that it has; a new one does not start.\n";
    return check;
}

int run_check(const std::string& path) {
    ConfigReading reading = read_whole_config(path);
    look_around(Host(), reading);
    const ConfigCheck check = describe_check(reading, path);
    for (std::string_view rest = check.mistakes; !rest.empty();) print_error(take_line(rest));
    return print_text(check.summary) && check.is_good ? 0 : 3;
}

}  // namespace lastgood
