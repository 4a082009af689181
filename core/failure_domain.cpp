#include "core/failure_domain.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/filesystem_kind.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

// The server in a mount's source: "nas:/export", "[fe80::1]:/x", "//nas/share", "user@nas:/x".
std::string server_of(std::string_view source) {
    if (source.starts_with("//")) {
        source.remove_prefix(2);
        return std::string(source.substr(0, source.find('/')));
    }
    if (const auto at = source.find('@'); at != std::string_view::npos && at < source.find(":/"))
        source.remove_prefix(at + 1);
    if (source.starts_with('[')) return std::string(source.substr(1, source.find(']') - 1));
    const auto colon = source.find(":/");
    return std::string(colon == std::string_view::npos ? std::string_view()
                                                       : source.substr(0, colon));
}

// Whether a server's name or address is this host's own. Asks no name server, because that may
// block.
bool is_this_host(const Host& host, std::string_view server) {
    if (server.empty()) return false;
    if (server == "localhost" || server == "::1" || server.starts_with("127.")) return true;
    if (const auto name = host.read_line("/proc/sys/kernel/hostname"))
        if (server == *name || server.starts_with(*name + ".")) return true;
    if (const auto routes = host.read("/proc/net/fib_trie")) {
        // "           |-- 192.0.2.7\n              /32 host LOCAL\n"
        const std::string line = fmt::format("|-- {}\n", server);
        const size_t at = routes->find(line);
        if (at != std::string::npos &&
            contains(std::string_view(*routes).substr(at + line.size(), 80), "host LOCAL"))
            return true;
    }
    if (const auto hosts = host.read("/etc/hosts")) {
        // "127.0.1.1 db8.example.com db8": names of a loopback address are this host's.
        std::string_view rest = *hosts;
        while (!rest.empty()) {
            const std::string_view line = take_line(rest);
            if ((line.starts_with("127.") || line.starts_with("::1")) &&
                contains(split(line), server))
                return true;
        }
    }
    return false;
}

FailureDomain between_hosts(const Host& host, const Mount& copies, const Mount& source) {
    const bool copies_remote = is_network_filesystem(copies.type);
    const bool source_remote = is_network_filesystem(source.type);
    const std::string server = server_of(copies.source);
    if (copies_remote && source_remote && !server.empty() && server == server_of(source.source))
        return FailureDomain::unknown;  // one server, whose drives are not visible from here
    if (copies_remote && is_this_host(host, server) && !source_remote)
        return FailureDomain::same_host;
    if (source_remote && is_this_host(host, server_of(source.source)) && !copies_remote)
        return FailureDomain::same_host;
    return FailureDomain::off_host;
}

int rank(FailureDomain domain) {
    switch (domain) {
        case FailureDomain::same_filesystem:
            return 0;
        case FailureDomain::same_drive:
            return 1;
        case FailureDomain::unknown:
            return 2;
        case FailureDomain::same_host:
            return 3;
        case FailureDomain::off_host:
            return 4;
    }
    return 2;
}

}  // namespace

std::string_view to_string(FailureDomain domain) {
    switch (domain) {
        case FailureDomain::same_filesystem:
            return "same-filesystem";
        case FailureDomain::same_drive:
            return "same-drive";
        case FailureDomain::same_host:
            return "same-host";
        case FailureDomain::off_host:
            return "off-host";
        case FailureDomain::unknown:
            return "unknown";
    }
    return "unknown";
}

FailureDomain closer(FailureDomain a, FailureDomain b) {
    return rank(b) < rank(a) ? b : a;
}

FailureDomain failure_domain(const Host& host, const Topology& topology, const Place& copies,
                             const Place& source) {
    if (copies.mount == nullptr || source.mount == nullptr) return FailureDomain::unknown;
    if (copies.mount->number == source.mount->number && copies.mount->type == source.mount->type)
        return FailureDomain::same_filesystem;
    if (is_network_filesystem(copies.mount->type) || is_network_filesystem(source.mount->type))
        return between_hosts(host, *copies.mount, *source.mount);
    const auto copy_drives = topology.drives_under_mount(*copies.mount);
    const auto source_drives = topology.drives_under_mount(*source.mount);
    if (copy_drives.empty() || source_drives.empty()) return FailureDomain::unknown;
    const bool shared = std::ranges::any_of(
        copy_drives, [&](const std::string& drive) { return source_drives.contains(drive); });
    return shared ? FailureDomain::same_drive : FailureDomain::same_host;
}

}  // namespace lastgood
