// borgmatic's configuration. Source: borgmatic/config/schema.yaml: sections until 1.7
// (location: source_directories: …), flat since 1.8; repositories are texts, or have a path.
#include <algorithm>

#include "collectors/backups/parse/tool_job.hpp"
#include "collectors/backups/parse/yaml_values.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

bool is_true(std::string_view value) {
    const std::string word = to_lower(value);
    return word == "true" || word == "yes" || word == "on";
}

struct Settings {
    std::vector<std::string> sources, repositories;
    bool one_file_system = false;
    bool excludes = false;
    bool databases = false;  // until 1.8 one_file_system is on with them
    bool untold = false;     // of sources or repositories
    bool patterns = false;
};

// A path, or "~" and patterns, which only borgmatic resolves.
void add_source(Settings& settings, const std::string& source) {
    if (source.starts_with('/') && source.find_first_of("*?[{$") == source.npos)
        settings.sources.emplace_back(without_trailing_slashes(source));
    else
        settings.untold = true;
}

void add(Settings& settings, std::string_view key, const YamlValue& one) {
    const std::string_view top = key.substr(0, key.find('/'));
    if (key == "source_directories/-") {
        if (one.told && !one.value.empty())
            add_source(settings, one.value);
        else
            settings.untold = true;
    } else if (key == "repositories/-" || key == "repositories/-/path") {
        const bool usable = one.told && one.value.find_first_of("{$") == one.value.npos;
        if (!usable)
            settings.untold = true;
        else if (!one.value.empty())
            settings.repositories.push_back(one.value);
    } else if (top == "source_directories" || top == "repositories" || top == "<<") {
        settings.untold = settings.untold || !one.told;
    } else if (key == "one_file_system") {
        settings.one_file_system = !one.told || is_true(one.value);
    } else if (top == "patterns" || top == "patterns_from") {
        settings.patterns = true;
    } else if (top.starts_with("exclude_")) {
        settings.excludes = true;
    } else if (top.ends_with("_databases")) {
        settings.databases = true;
    }
}

}  // namespace

std::vector<ToolJob> parse_borgmatic_config(std::string_view text) {
    if (!is_told(text)) return {};  // a binary file
    Settings settings;
    for (const YamlValue& one : parse_yaml_values(text)) {
        std::string_view key = one.path;
        for (const std::string_view section : {"location/", "hooks/", "storage/"})
            key = without_prefix(key, section);
        add(settings, key, one);
    }
    std::vector<ToolJob> jobs;
    for (const std::string& repository : settings.repositories) {
        ToolJob job{.kind = BackupKind::borg, .tool = "borgmatic"};
        job.location = without_prefix(repository, "file://");
        job.covers = settings.sources;
        job.crosses_mounts = !settings.one_file_system && !settings.databases;
        if (settings.databases)
            job.remarks.emplace_back(
                "It dumps databases; borgmatic until 1.8 then stays on the filesystem of each "
                "source: with a later one set crosses_mounts = true.");
        if (settings.excludes) job.remarks.emplace_back("It excludes a part of that.");
        if (settings.untold || settings.patterns)
            job.remarks.emplace_back(
                "It reads more than covers names: patterns, variables or included files.");
        jobs.push_back(std::move(job));
    }
    return jobs;
}

}  // namespace lastgood
