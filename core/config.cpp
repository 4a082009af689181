#include "core/config.hpp"

#include "core/glob.hpp"

namespace lastgood {

std::string_view to_string(Streams streams) {
    switch (streams) {
        case Streams::none:
            return "";
        case Streams::by_name:
            return "name";
        case Streams::by_directory:
            return "directory";
    }
    return "";
}

std::optional<Streams> parse_streams(std::string_view text) {
    for (const Streams one : {Streams::none, Streams::by_name, Streams::by_directory})
        if (text == to_string(one)) return one;
    return std::nullopt;
}

std::string_view to_string(ProbeKind kind) {
    switch (kind) {
        case ProbeKind::write:
            return "write";
        case ProbeKind::command:
            return "command";
        case ProbeKind::address:
            return "address";
    }
    return "";
}

bool has_streams(const Backup& backup) {
    return backup.each != Streams::none || row_of(backup.kind).has_streams;
}

bool has_copies_at_location(BackupKind kind) {
    return kind != BackupKind::stamp && kind != BackupKind::systemd && kind != BackupKind::observed;
}

std::string fixed_location(const Backup& backup) {
    if (row_of(backup.kind).place == BackupPlace::unit) return {};
    if (row_of(backup.kind).place != BackupPlace::pattern || backup.location.empty())
        return backup.location;
    return split_path_pattern(backup.location).fixed;
}

bool protects_listener(const Config& config) {
    return !config.tls_certificate.value.empty() || !config.password_file.value.empty();
}

std::string report_path(const Config& config) {
    return config.runtime_directory.value + "/report.json";
}

std::string requests_directory(const Config& config) {
    return config.runtime_directory.value + "/requests";
}

std::string agent_life_path(std::string_view report_path) {
    const size_t slash = report_path.rfind('/');
    return std::string(report_path.substr(0, slash + 1)) + "agent.alive";
}

}  // namespace lastgood
