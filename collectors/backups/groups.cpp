#include "collectors/backups/groups.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <map>

#include "core/bytes.hpp"
#include "core/files.hpp"
#include "core/text.hpp"
#include "core/topology.hpp"

namespace lastgood {

std::vector<SubjectGroup> backup_groups(const Host& host, const Config& config) {
    std::set<std::string, std::less<>> points;
    for (Mount& mount : parse_mountinfo(host.read("/proc/self/mountinfo", 16 * mib).value_or("")))
        points.insert(std::move(mount.point));
    std::map<std::string, std::vector<std::string>, std::less<>> groups;
    for (const Backup& backup : config.backups) {
        const std::string location = fixed_location(backup);
        std::string_view above = location;
        while (above.size() > 1 && !points.contains(above)) above = parent_directory(above);
        groups[std::string(above.empty() ? "/" : above)].push_back(backup.name);
    }
    std::vector<SubjectGroup> result;
    result.reserve(groups.size());
    for (auto& [point, members] : groups) result.push_back({point, std::move(members)});
    return result;
}

namespace {

constexpr size_t longest_order = 64 * kib;

std::string file_name_of(std::string_view group) {
    std::string name = "order";
    for (const char c : group) name += c == '/' ? '.' : c;
    return name.substr(0, 200);
}

}  // namespace

LookOrder::LookOrder(const Host& host, const std::string& runtime_directory,
                     const std::string& group) {
    if (host.recorded() || runtime_directory.empty()) return;
    if (!open_own_directory(runtime_directory)) return;
    const auto directory = make_own_directory(runtime_directory + "/backups", 0700);
    if (!directory) return;
    file_ = Descriptor(::openat(directory->get(), file_name_of(group).c_str(),
                                O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600));
    if (file_.get() < 0) return;
    std::string text(longest_order, '\0');
    const ssize_t length = ::pread(file_.get(), text.data(), text.size(), 0);
    text.resize(length > 0 ? static_cast<size_t>(length) : 0);
    for (const auto line : split(text, "\n")) suspects_.emplace(line);
}

std::vector<const Backup*> LookOrder::sorted(std::vector<const Backup*> backups) const {
    std::stable_partition(backups.begin(), backups.end(),
                          [&](const Backup* one) { return !suspects_.contains(one->name); });
    return backups;
}

void LookOrder::begin(const std::string& backup) {
    write(backup);
}

void LookOrder::end(const std::string& backup) {
    suspects_.erase(backup);
    write("");
}

void LookOrder::write(const std::string& current) const {
    if (file_.get() < 0) return;
    std::string text;
    for (const std::string& suspect : suspects_) text += suspect + "\n";
    if (!current.empty()) text += current + "\n";
    if (text.size() > longest_order || ::ftruncate(file_.get(), 0) != 0) return;
    // Not written: the order stays as given, which costs nothing while every look ends.
    static_cast<void>(::pwrite(file_.get(), text.data(), text.size(), 0));
}

}  // namespace lastgood
