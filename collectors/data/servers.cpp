#include "collectors/data/servers.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "collectors/data/parse/server_config.hpp"
#include "core/descriptor.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t most_text = 16 * mib;  // of one mountinfo

// Anybody may give his processes the name of a server.
constexpr long first_of_people = 1000;  // users below are those of services (SYS_UID_MAX)
constexpr int most_of_services = 100;   // processes of one program
constexpr int most_of_people = 20;
constexpr int most_of_one = 5;

struct Program {
    std::string_view name;
    ServerConfig config;
    bool works_in_data;
};

constexpr std::array<Program, 7> programs = {{
    {"postgres", ServerConfig::postgresql, true},
    {"mysqld", ServerConfig::mysql, true},
    {"mariadbd", ServerConfig::mysql, true},
    {"redis-server", ServerConfig::redis, true},
    {"valkey-server", ServerConfig::redis, true},
    {"mongod", ServerConfig::mongodb, false},
    {"influxd", ServerConfig::none, false},
}};

class Processes {
  public:
    explicit Processes(const LocalFiles& files) : files_(files), host_(files.host()) {}

    ServerDirectories directories() {
        ServerDirectories found;
        for (const std::string& id : host_.list("/proc").value_or(std::vector<std::string>())) {
            if (!consists_of(id, decimal_digits)) continue;
            const auto name = host_.read_line(fmt::format("/proc/{}/comm", id));
            const auto program = std::ranges::find(programs, name.value_or(""), &Program::name);
            if (!name || program == programs.end()) continue;
            const auto arguments = parse_server_arguments(
                *name, host_.read(fmt::format("/proc/{}/cmdline", id)).value_or(""));
            const auto user = user_of(id);
            if (arguments.is_helper || is_one_too_many(*name, user)) continue;
            auto directory = on_this_host(id, directory_of(id, *program, arguments));
            if (directory && may_tell_of(*directory, user))
                found[*name].insert(std::move(*directory));
        }
        return found;
    }

  private:
    // Of the process; nullopt: not known, as on a recorded host that has no such file.
    std::optional<long> user_of(const std::string& id) const {
        const auto text = host_.read(fmt::format("/proc/{}/status", id));
        return text ? effective_user(*text) : std::nullopt;
    }

    bool is_one_too_many(const std::string& program, std::optional<long> user) {
        if (!user || *user < first_of_people) return ++of_services_[program] > most_of_services;
        return ++of_one_[{program, *user}] > most_of_one || ++of_people_[program] > most_of_people;
    }

    // A server owns its data. "": of people it tells nothing.
    bool may_tell_of(const std::string& directory, std::optional<long> user) const {
        if (!user || *user == 0) return true;
        if (directory.empty()) return *user < first_of_people;
        const auto place = files_.find(directory);
        const auto opened = place ? host_.open(place->path, O_PATH | O_DIRECTORY)
                                  : Result<int>(fail(ErrorKind::absent, ""));
        if (!opened) return false;
        const Descriptor file(*opened);
        struct stat found {};
        return ::fstat(file.get(), &found) == 0 && found.st_uid == static_cast<uid_t>(*user);
    }

    // As the process sees it; empty: not known.
    std::string directory_of(const std::string& id, const Program& program,
                             const ServerArguments& arguments) const {
        if (!arguments.directory.empty()) return arguments.directory;
        const auto directory = host_.read_link(fmt::format("/proc/{}/cwd", id));
        if (program.works_in_data && directory) return *directory;
        const auto config =
            arguments.config.empty() ? std::nullopt : on_this_host(id, arguments.config);
        const auto place = config ? files_.find(*config) : std::nullopt;
        if (!place) return {};
        return data_directory_in(program.config, host_.read(place->path).value_or(""));
    }

    // The mount behind a path of another mount namespace tells where it lies here. nullopt: nowhere
    // but in a container, or on no mount of this host.
    std::optional<std::string> on_this_host(const std::string& id, const std::string& path) const {
        const auto text = host_.read(fmt::format("/proc/{}/mountinfo", id), most_text);
        Topology seen;
        if (text) seen.mounts = parse_mountinfo(*text);
        const Mount* its_root = seen.mount_of("/");
        const Mount* root = files_.mount_of("/");
        if (its_root == nullptr) {
            const auto link = host_.read_link(fmt::format("/proc/{}/root", id));
            return link.value_or("/") == "/" ? std::optional(path) : std::nullopt;
        }
        if (root != nullptr && root->number == its_root->number && root->root == its_root->root)
            return path;
        if (path.empty()) return std::nullopt;  // of a container, whose default places are not here
        const Place place = place_by_name(seen, path);
        return place.mount == nullptr ? std::nullopt : files_.path_of(*place.mount, place.inside());
    }

    const LocalFiles& files_;
    const Host& host_;
    std::map<std::string, int> of_services_, of_people_;  // processes, by program
    std::map<std::pair<std::string, long>, int> of_one_;  // and by user
};

}  // namespace

ServerDirectories directories_of_servers(const LocalFiles& files) {
    return Processes(files).directories();
}

}  // namespace lastgood
