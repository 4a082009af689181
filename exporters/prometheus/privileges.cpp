#include "exporters/prometheus/privileges.hpp"

#include <fmt/core.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <vector>

#include "core/bytes.hpp"
#include "core/host.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

Failure refused(const char* what) {
    return fail(ErrorKind::failed,
                fmt::format("cannot give up privileges: {}: {}", what, errno_text(errno)));
}

// For capset(2) and capget(2): _LINUX_CAPABILITY_VERSION_3 has two 32-bit words in each set.
using CapabilitySets = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

bool set_capabilities(CapabilitySets& sets) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    return ::syscall(SYS_capset, &header, sets.data()) == 0;
}

bool get_capabilities(CapabilitySets& sets) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    return ::syscall(SYS_capget, &header, sets.data()) == 0;
}

bool holds_any(const CapabilitySets& sets) {
    return std::ranges::any_of(sets, [](const auto& word) {
        return (word.effective | word.permitted | word.inheritable) != 0;
    });
}

struct User {
    uid_t uid = 0;
    gid_t gid = 0;
};

Result<User> look_up(const std::string& name) {
    std::vector<char> buffer(16 * kib);
    passwd entry{};
    passwd* found = nullptr;
    const int error = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found == nullptr) {
        return fail(ErrorKind::absent,
                    fmt::format("there is no user \"{}\"{}{}; set [serve] user to a user without "
                                "rights, for instance nobody",
                                name, error != 0 ? ": " : "", error != 0 ? errno_text(error) : ""));
    }
    if (entry.pw_uid == 0 || entry.pw_gid == 0) {
        return fail(ErrorKind::denied,
                    fmt::format("the listener must not run as root, but user \"{}\" has uid {} and "
                                "gid {}; set [serve] user to another user",
                                name, entry.pw_uid, entry.pw_gid));
    }
    return User{entry.pw_uid, entry.pw_gid};
}

// Whether a number has a meaning in this user namespace: a line of the map is "first-inside
// first-outside count" (user_namespaces(7)).
bool is_mapped(const char* map, uint32_t id) {
    const std::string text = Host().read(map).value_or("");
    for (std::string_view rest = text; !rest.empty();) {
        const auto fields = split(take_line(rest));
        if (fields.size() < 3) continue;
        const auto first = parse_number<uint32_t>(fields[0]);
        const auto count = parse_number<uint32_t>(fields[2]);
        if (first && count && id >= *first && id - *first < *count) return true;
    }
    return text.empty();  // without /proc the attempt tells
}

// Root of a user namespace that has no second user, as after unshare -r, cannot become another one.
// It is not root of the host. Its capabilities are only those over the namespace.
bool can_become(const User& user) {
    return is_mapped("/proc/self/uid_map", user.uid) && is_mapped("/proc/self/gid_map", user.gid);
}

bool may_set_groups() {
    return !Host().read_line("/proc/self/setgroups").value_or("").starts_with("deny");
}

Result<void> become(const User& user) {
    if (::prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0) {
        return refused("PR_SET_KEEPCAPS");
    }
    if ((!may_set_groups() || ::setgroups(0, nullptr) == 0) &&
        ::setresgid(user.gid, user.gid, user.gid) == 0 &&
        ::setresuid(user.uid, user.uid, user.uid) == 0) {
        return {};
    }
    return fail(ErrorKind::failed,
                fmt::format("cannot switch to uid {} and gid {}: {}; give this process (or its "
                            "container) CAP_SETUID and CAP_SETGID, or start it as that user",
                            user.uid, user.gid, errno_text(errno)));
}

}  // namespace

Result<void> check_no_privileges(KeptUser kept) {
    uid_t uids[3] = {};
    gid_t gids[3] = {};
    if (::getresuid(&uids[0], &uids[1], &uids[2]) != 0 ||
        ::getresgid(&gids[0], &gids[1], &gids[2]) != 0) {
        return refused("getresuid");
    }
    for (int i = 0; i < 3; ++i) {
        if (kept == KeptUser::none && (uids[i] == 0 || gids[i] == 0)) {
            return fail(ErrorKind::denied, "the listening process is still root");
        }
    }
    std::vector<gid_t> groups(NGROUPS_MAX);
    const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
    if (count < 0) {
        return refused("getgroups");
    }
    const bool groups_count = may_set_groups();
    for (int i = 0; i < count && groups_count; ++i) {
        if (groups[static_cast<size_t>(i)] == 0) {
            return fail(ErrorKind::denied, "the listening process is still in group root");
        }
    }
    CapabilitySets sets{};
    if (!get_capabilities(sets)) {
        return refused("capget");
    }
    if (holds_any(sets)) {
        return fail(ErrorKind::denied, "the listening process still has capabilities");
    }
    if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 ||
        ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) {
        return fail(ErrorKind::denied, "no_new_privs or dumpable could not be set");
    }
    if (kept == KeptUser::none && ::setuid(0) == 0) {
        return fail(ErrorKind::denied, "the listening process could become root again");
    }
    return {};
}

Result<std::string> give_up_privileges(const std::string& user) {
    const bool root = ::geteuid() == 0 || ::getuid() == 0;
    User target;
    if (root) {
        const auto found = look_up(user);
        if (!found) {
            return tl::unexpected(found.error());
        }
        target = *found;
    }
    const KeptUser kept =
        root && !can_become(target) ? KeptUser::root_of_namespace : KeptUser::none;
    // Clear the ambient and the bounding set first: dropping from the bounding set needs
    // CAP_SETPCAP. Without CAP_SETPCAP (not root, or root of a container) the bounding set stays;
    // no_new_privs then makes it useless.
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    for (unsigned long capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0;
         ++capability) {
        ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    }
    if (root && kept == KeptUser::none) {
        if (const auto done = become(target); !done) return tl::unexpected(done.error());
    }
    // A hardened service without capabilities may have capset forbidden: call it only if needed.
    CapabilitySets sets{};
    if (!get_capabilities(sets)) {
        return refused("capget");
    }
    CapabilitySets none{};
    if (holds_any(sets) && !set_capabilities(none)) {
        return refused("capset");
    }
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return refused("PR_SET_NO_NEW_PRIVS");
    }
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        return refused("PR_SET_DUMPABLE");
    }
    if (const auto checked = check_no_privileges(kept); !checked)
        return tl::unexpected(checked.error());
    if (kept == KeptUser::none) return std::string();
    return fmt::format(
        "the listener has no capabilities, but stays root of this user namespace, which has no "
        "user "
        "\"{}\"; to change that, give the namespace more users (/etc/subuid, or unshare "
        "--map-auto), or run lastgood as that user",
        user);
}

}  // namespace lastgood
