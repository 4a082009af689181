#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "agent/config/tables.hpp"
#include "agent/requests.hpp"
#include "core/acceptance.hpp"
#include "core/text.hpp"
#include "rules/accept.hpp"

namespace lastgood {

namespace {

void read_up_to(ConfigReader& reader, const toml::node& node, std::optional<double>& up_to) {
    const auto* integer = node.as_integer();
    const auto* number = node.as_floating_point();
    if (number && std::isfinite(number->get()))
        up_to = number->get();
    else if (integer)
        up_to = static_cast<double>(integer->get());
    else
        reader.refuse(node.source(), "up_to must be a number");
}

// Whether the kernel may give this name to another drive or array at the next boot: "sda",
// "/dev/nvme0n1", "md127", "dm-3".
bool is_name_of_the_moment(std::string_view name) {
    name = without_prefix(name, "/dev/");
    for (const std::string_view prefix : {"sd", "hd", "vd", "xvd"})
        if (name.starts_with(prefix) && name.size() > prefix.size() &&
            std::ranges::all_of(name.substr(prefix.size()),
                                [](char c) { return c >= 'a' && c <= 'z'; }))
            return true;
    return std::ranges::any_of(std::array{"nvme", "md", "dm-", "mmcblk"}, [&](const char* prefix) {
        const std::string_view rest = without_prefix(name, prefix);
        return rest.size() < name.size() && !rest.empty() &&
               rest.find_first_not_of("0123456789n") == rest.npos;
    });
}

void check_acceptance(ConfigReader& reader, const toml::table& table, const AcceptSetting& one) {
    if (is_name_of_the_moment(one.subject))
        reader.refuse(table.source(),
                      fmt::format("[[accept]]: after the next boot {0} may be another one; name "
                                  "the id or serial number that lastgood status {0} shows",
                                  one.subject));
    if (reader.is_accepted()) return;  // the clock may have been set since
    const Timestamp now = reader.judged_at();
    const Rule* rule = find_rule(one.rule);
    if (one.until <= now && rule) return;
    const Acceptance meant{one.rule,
                           rule ? rule->subject : SubjectKind::host,
                           one.subject,
                           one.up_to,
                           std::max(one.until, now + 1),
                           "",
                           one.reason};
    if (const std::string why = why_not_acceptable(meant, now); !why.empty())
        reader.refuse(table.source(), fmt::format("[[accept]]: {}", why));
}

}  // namespace

bool read_date(ConfigReader& reader, const toml::node& node, std::string_view key,
               Timestamp& date) {
    std::string text;
    if (const auto* local = node.as_date())
        text = fmt::format("{:04}-{:02}-{:02}", local->get().year, local->get().month,
                           local->get().day);
    else if (!reader.read(node, key, text))
        return false;
    const auto read = parse_until(text, 0);
    if (read && contains(text, '-')) {
        date = *read;
        return true;
    }
    reader.refuse(node.source(), fmt::format("{} must be a date, like 2027-03-01", key));
    return false;
}

void read_acceptance(ConfigReader& reader, const toml::table& table) {
    AcceptSetting one;
    for (const auto& [key, node] : table) {
        if (key == "rule")
            reader.read(node, "rule", one.rule);
        else if (key == "subject")
            reader.read(node, "subject", one.subject);
        else if (key == "reason")
            reader.read(node, "reason", one.reason);
        else if (key == "until")
            read_date(reader, node, "until", one.until);
        else if (key == "up_to")
            read_up_to(reader, node, one.up_to);
        else
            reader.refuse_key(key, "in [[accept]]",
                              {"rule", "subject", "up_to", "until", "reason"});
    }
    if (!table.contains("until")) reader.refuse(table.source(), "[[accept]] needs until, a date");
    check_acceptance(reader, table, one);
    reader.config().accepted.push_back(std::move(one));
}

}  // namespace lastgood
