#include "collectors/backups/job_files.hpp"

#include <fmt/core.h>

#include <array>

#include "collectors/backups/parse/unit_file.hpp"
#include "core/bytes.hpp"
#include "core/filesystem_kind.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t largest_file = mib;
constexpr size_t largest_script = 64 * kib;
constexpr size_t most_files = 1000;  // of one directory
constexpr size_t most_jobs = 500;
constexpr size_t words_before_script = 6;  // "nice -n 10 /usr/local/bin/backup"

using Parser = std::vector<ToolJob> (*)(std::string_view);

class JobFiles {
  public:
    JobFiles(const Host& host, const Topology& topology, std::vector<std::string>& notes)
        : host_(host), topology_(topology), notes_(notes) {}
    std::vector<FoundJob> find();

  private:
    std::optional<std::string> read(const std::string& path);
    std::vector<std::string> files_in(const std::string& directory, std::string_view suffix);
    bool read_config(const std::string& path, Parser parse);
    void read_configs(const std::string& directory, std::string_view suffix, Parser parse);
    void read_units(const std::string& directory);
    void read_crontab(const std::string& path, bool has_user);
    void read_script(const std::string& path, const ShellVariables& variables,
                     const FoundJob& origin);
    void add_commands(std::string_view text, const ShellVariables& variables,
                      const FoundJob& origin, bool follow_scripts);
    void add(ToolJob job, const FoundJob& origin);

    const Host& host_;
    const Topology& topology_;
    std::vector<std::string>& notes_;
    std::vector<FoundJob> found_;
};

std::optional<std::string> JobFiles::read(const std::string& path) {
    if (!is_local_path(host_, topology_, path)) return std::nullopt;
    auto text = host_.read(path, largest_file);
    if (text) return std::move(*text);
    if (text.error().kind != ErrorKind::absent) notes_.push_back(text.error().message + ".");
    return std::nullopt;
}

std::vector<std::string> JobFiles::files_in(const std::string& directory, std::string_view suffix) {
    std::vector<std::string> files;
    if (!is_local_path(host_, topology_, directory)) return files;
    const auto names = host_.list(directory);
    if (!names) return files;
    for (const std::string& name : *names) {
        const std::string path = directory + "/" + name;
        if (name.starts_with('.') || !name.ends_with(suffix) || files.size() >= most_files)
            continue;
        const auto status = host_.status(path);
        if (status && status->kind == FileKind::regular) files.push_back(path);
    }
    return files;
}

void JobFiles::add(ToolJob job, const FoundJob& origin) {
    if (found_.size() >= most_jobs) return;
    found_.push_back({std::move(job), origin.file, origin.unit});
}

bool JobFiles::read_config(const std::string& path, Parser parse) {
    const auto text = read(path);
    if (!text) return false;
    for (ToolJob& job : parse(*text)) add(std::move(job), {{}, path, ""});
    return true;
}

void JobFiles::read_configs(const std::string& directory, std::string_view suffix, Parser parse) {
    for (const std::string& path : files_in(directory, suffix)) read_config(path, parse);
}

void JobFiles::read_script(const std::string& path, const ShellVariables& variables,
                           const FoundJob& origin) {
    if (!is_local_path(host_, topology_, path)) return;
    const auto status = host_.status(path);
    if (!status || status->kind != FileKind::regular || status->size > largest_script) return;
    const auto text = host_.read(path, largest_script);
    if (!text || !text->starts_with("#!")) return;
    std::string_view first = *text;
    if (contains(take_line(first), "sh"))
        add_commands(*text, variables, {{}, path, origin.unit}, false);
}

void JobFiles::add_commands(std::string_view text, const ShellVariables& variables,
                            const FoundJob& origin, bool follow_scripts) {
    for_each_command(text, variables, [&](const ShellWords& words, const ShellVariables& set) {
        auto jobs = parse_backup_command(words, set);
        for (ToolJob& job : jobs) add(std::move(job), origin);
        if (!jobs.empty() || !follow_scripts) return;
        for (size_t i = 0; i < words.size() && i < words_before_script; ++i)
            if (words[i].starts_with('/') && is_told(words[i])) read_script(words[i], set, origin);
    });
}

void JobFiles::read_units(const std::string& directory) {
    for (const std::string& path : files_in(directory, ".service")) {
        const auto text = read(path);
        if (!text) continue;
        UnitFile unit = parse_unit_file(*text);
        for (const std::string& file : unit.environment_files)
            if (const auto assignments = read(file))
                for (auto& [name, value] : variables_in(*assignments))
                    unit.environment.insert_or_assign(name, value);
        const FoundJob origin{{}, path, std::string(last_component(path))};
        for (const std::string& command : unit.commands)
            add_commands(command, unit.environment, origin, true);
    }
}

void JobFiles::read_crontab(const std::string& path, bool has_user) {
    const auto text = read(path);
    if (!text) return;
    for (const CronCommand& command : parse_crontab(*text, has_user))
        add_commands(command.text, command.environment, {{}, path, ""}, true);
}

std::vector<FoundJob> JobFiles::find() {
    read_config("/etc/rsnapshot.conf", parse_rsnapshot_config);
    if (!read_config("/etc/btrbk.conf", parse_btrbk_config))  // btrbk takes the first that exists
        read_config("/etc/btrbk/btrbk.conf", parse_btrbk_config);
    read_configs("/etc/snapper/configs", "", parse_snapper_config);
    for (const std::string directory : {"/etc", "/root/.config"}) {
        read_config(directory + "/borgmatic/config.yaml", parse_borgmatic_config);
        for (const char* suffix : {".yaml", ".yml"})
            read_configs(directory + "/borgmatic.d", suffix, parse_borgmatic_config);
    }
    for (const char* directory : {"/etc/systemd/system", "/usr/local/lib/systemd/system"})
        read_units(directory);
    read_crontab("/etc/crontab", true);
    for (const std::string& path : files_in("/etc/cron.d", "")) read_crontab(path, true);
    for (const std::string& path : files_in("/var/spool/cron/crontabs", ""))
        read_crontab(path, false);
    for (const char* often : {"hourly", "daily", "weekly", "monthly"})
        for (const std::string& path : files_in(fmt::format("/etc/cron.{}", often), ""))
            read_script(path, {}, {});
    return std::move(found_);
}

}  // namespace

bool is_local_path(const Host& host, const Topology& topology, const std::string& path) {
    const auto filesystems = host.read("/proc/filesystems");
    const Mount* mount = topology.mount_of(path);
    return mount == nullptr || filesystem_kind(mount->type, filesystems ? *filesystems : " ") !=
                                   FilesystemKind::network;
}

std::vector<FoundJob> find_jobs(const Host& host, const Topology& topology,
                                std::vector<std::string>& notes) {
    return JobFiles(host, topology, notes).find();
}

}  // namespace lastgood
