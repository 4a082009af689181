// rsnapshot.conf: fields are separated by tabs. Source: rsnapshot(1), 1.4 and 1.5.
#include <algorithm>

#include "collectors/backups/parse/tool_job.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

// "-ax", "--one-file-system"
bool stays_on_filesystem(std::string_view arguments) {
    for (const std::string_view word : split(arguments)) {
        if (word == "--one-file-system") return true;
        if (word.starts_with('-') && !word.starts_with("--") && contains(word, 'x')) return true;
    }
    return false;
}

struct Source {
    std::string path;
    std::string_view options;  // "one_fs=1,exclude=/x"
};

bool stays(const Source& source, bool by_default) {
    bool result = by_default;
    for (const std::string_view option : split(source.options, ",")) {
        const std::string_view one = trim(option);
        if (one == "one_fs=1") result = true;
        if (one == "one_fs=0") result = false;
        if (one.starts_with("+rsync_"))
            result = result || stays_on_filesystem(one.substr(one.find('=') + 1));
    }
    return result;
}

}  // namespace

std::vector<ToolJob> parse_rsnapshot_config(std::string_view text) {
    if (!is_told(text)) return {};  // a binary file
    ToolJob job{.kind = BackupKind::rsnapshot, .tool = "rsnapshot"};
    std::vector<Source> sources;
    bool one_filesystem = false;
    bool excludes = false;
    bool included = false;
    while (!text.empty()) {
        const std::string_view line = trim(take_line(text));
        if (line.empty() || line.starts_with('#')) continue;
        const auto fields = split(line, "\t");
        const std::string_view key = fields[0];
        const std::string_view value = fields.size() > 1 ? trim(fields[1]) : std::string_view();
        if (key == "snapshot_root") job.location = without_trailing_slashes(value);
        if (key == "logfile") job.log = value;
        if (key == "one_fs") one_filesystem = value == "1";
        if (key == "rsync_short_args" || key == "rsync_long_args")
            one_filesystem = one_filesystem || stays_on_filesystem(value);
        if (key == "exclude" || key == "exclude_file" || key == "include_file") excludes = true;
        if (key == "include_conf") included = true;
        if (key == "backup" && fields.size() > 2 && value.starts_with('/'))
            sources.push_back({std::string(without_trailing_slashes(value)),
                               fields.size() > 3 ? fields[3] : std::string_view()});
    }
    if (!job.location.starts_with('/') || sources.empty()) return {};
    size_t staying = 0;
    for (const Source& source : sources) {
        if (std::ranges::find(job.covers, source.path) == job.covers.end())
            job.covers.push_back(source.path);
        staying += stays(source, one_filesystem) ? 1 : 0;
        excludes = excludes || contains(source.options, "exclude");
    }
    job.crosses_mounts = staying == 0;
    if (staying > 0 && staying < sources.size())
        job.remarks.emplace_back("Some of its sources take what is mounted below them.");
    if (excludes) job.remarks.emplace_back("It excludes a part of that.");
    if (included) job.remarks.emplace_back("It includes a file, which was not read.");
    return {job};
}

}  // namespace lastgood
