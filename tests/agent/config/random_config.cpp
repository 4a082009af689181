#include "tests/agent/config/random_config.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "collectors/collector.hpp"
#include "core/calendar.hpp"
#include "core/clock.hpp"
#include "core/text.hpp"

namespace lastgood::test {

namespace {

class Generator {
  public:
    explicit Generator(std::mt19937_64& random) : random_(random) {}

    size_t below(size_t count) {
        return std::uniform_int_distribution<size_t>(0, count - 1)(random_);
    }
    bool maybe() { return below(2) == 0; }

    std::string text() {
        static constexpr std::array<std::string_view, 24> pieces{"a",
                                                                 "\"",
                                                                 "\\",
                                                                 "'",
                                                                 "\n",
                                                                 "\r\n",
                                                                 "\t",
                                                                 "\x01",
                                                                 "\x7f",
                                                                 "#",
                                                                 "]",
                                                                 "=",
                                                                 "\"\"\"",
                                                                 "'''",
                                                                 "ä",
                                                                 "\xc2\x9b",
                                                                 "\\u0041",
                                                                 "\xe2\x80\xa8",
                                                                 "\xf0\x9f\x92\xbe",
                                                                 "\xef\xbb\xbf",
                                                                 " ",
                                                                 "\xe2\x80\xae",
                                                                 "%",
                                                                 "{}"};
        std::string made;
        for (size_t i = below(below(20) == 0 ? 5000 : 12); i > 0; --i)
            made += pieces[below(pieces.size())];
        return made;
    }
    // Short names: the kernel takes none above 255 bytes.
    std::string path() {
        std::string made;
        for (size_t i = 1 + below(4); i > 0; --i)
            made += "/x" + text().substr(0, 0) + name() + short_text();
        return made;
    }
    std::string short_text() {
        for (;;)
            if (std::string made = text(); made.size() < 100) return made;
    }
    std::string name() {
        static constexpr std::string_view letters = "abcXYZ019-_.@";
        std::string made = "n";
        for (size_t i = below(30); i > 0; --i) made += letters[below(letters.size())];
        return made + fmt::format("{}", ++names_);
    }
    Seconds duration() {
        static constexpr std::array<double, 12> usual{
            0.1, 0.5, 1, 90, 3600, 5400, 93600, 86400, 604800, 63115200, 31557600, 3155760000};
        if (maybe()) return usual[below(usual.size())];
        if (maybe()) return static_cast<double>(1 + below(3'000'000'000));
        return std::exp(
            std::uniform_real_distribution<double>(std::log(0.1), std::log(3e9))(random_));
    }
    double size() {
        static constexpr std::array<double, 6> usual{0, 1, 1023, 1048576, 1.5 * 1073741824, 9.0e18};
        if (maybe()) return usual[below(usual.size())];
        return std::floor(std::exp2(std::uniform_real_distribution<double>(0, 62.9)(random_)));
    }
    double number() {
        return std::ldexp(std::uniform_real_distribution<double>(-1, 1)(random_),
                          static_cast<int>(below(2000)) - 1000);
    }

    void settings(Config& config) {
        for_each_setting(static_cast<Settings&>(config), [&](auto& setting) { change(setting); });
        config.listen = fmt::format("127.0.0.1:{}", below(65536));
        config.serve_user = "u" + text();
        if (!config.textfile_path.value.empty()) config.textfile_path = path() + ".prom";
        config.precious.value.clear();
        for (size_t i = below(3); i > 0; --i) config.precious.value.push_back(path());
        config.not_backed_up.value.clear();
        for (size_t i = below(3); i > 0; --i)
            config.not_backed_up.value.push_back(path() + ": " + text());
    }
    void plan(Backup& one) {
        BackupPlan& plan = one.plan;
        if (maybe()) {
            plan.paused_until = date();
            plan.paused_by = "a" + text();
            plan.paused_reason = "b" + text();
        }
        if (maybe()) plan.verified_within = duration();
        if (maybe()) plan.restored_within = duration();
        if (maybe()) plan.verified_stamp = path();
        if (maybe()) plan.restored_stamp = path();
        if (maybe()) plan.keep_span = duration();
        if (maybe())
            plan.delete_after = std::clamp(duration(), plan.keep_span.value_or(1), 3155760000.0);
        if (maybe()) plan.min_count = static_cast<double>(1 + below(1000));
        if (maybe()) plan.shrink = static_cast<double>(below(9)) / 8;
        if (maybe()) {
            one.max_age = duration();
            return;
        }
        plan.schedule =
            std::vector{"Sun 03:00", "0 3 * * 1-5", "@daily", "*-*~1 4:00 UTC"}[below(4)];
        plan.grace = duration();
        if (maybe() && has_streams(one)) slots(plan);
        if (maybe() && !plan.schedule.ends_with("UTC")) plan.time_zone = "Europe/Berlin";
    }
    // Only on days on which the schedule comes.
    void slots(BackupPlan& plan) {
        const auto calendar = Calendar::parse(plan.schedule);
        for (size_t i = 1 + below(3); i > 0; --i)
            if (const size_t day = below(7); calendar->comes_on(static_cast<int>(day)))
                plan.slots[day] = {name(), name()};
    }
    Backup backup() {
        Backup one;
        one.name = name();
        one.kind = backup_kinds()[below(backup_kinds().size())].kind;
        if (one.kind != BackupKind::observed) one.location = path();
        if (one.kind == BackupKind::systemd) one.location = "backup@" + name() + ".service";
        if (one.kind == BackupKind::systemd)
            one.unit = one.location;
        else if (one.kind != BackupKind::observed && maybe())
            one.unit = "restic.service";
        if (!one.unit.empty() && maybe())
            one.success_exit_status = {1, 2 + static_cast<int>(below(254))};
        if (one.kind == BackupKind::files) {
            // Pieces of `text` open sets of a pattern.
            one.location = "/b/" + name() + "/*[a-z]\\[";
            if (maybe()) one.time_pattern = "%Y-%m-%d" + short_text_without("/%");
            one.settle_time = duration();
            one.each = std::array{Streams::none, Streams::by_name, Streams::by_directory}[below(3)];
            if (maybe()) one.complete_if = "d" + short_text_without("/.");
        }
        if (one.kind == BackupKind::pgbackrest && maybe())
            one.stanza = "s" + short_text_without("/");
        if (takes(row_of(one.kind), "max_wal_age") && maybe()) one.max_wal_age = duration();
        if (one.kind == BackupKind::borg && maybe()) one.cache_directory = path();
        if (one.kind == BackupKind::rsnapshot && maybe()) one.log = path();
        for (size_t i = below(4); i > 0; --i) one.covers.push_back(path());
        plan(one);
        one.crosses_mounts = maybe();
        if (maybe()) one.min_size = size();
        return one;
    }
    // The last backup becomes a copy of one before it.
    void hop(Config& config) {
        Backup& one = config.backups.back();
        one.copy_of = config.backups[below(config.backups.size() - 1)].name;
        one.max_lag = duration();
        if (one.covers.empty()) one.covers.push_back(path());
    }
    ExternalCollector external() {
        ExternalCollector one;
        one.name = name();
        one.command = {"/p/" + name()};
        for (size_t i = below(4); i > 0; --i) one.command.push_back(text());
        one.interval = duration();
        one.deadline = duration();
        return one;
    }
    DeclaredElsewhere elsewhere() {
        DeclaredElsewhere one;
        for (size_t i = 1 + below(3); i > 0; --i) one.paths.push_back(path());
        one.owner = "o" + text();
        one.reason = "r" + text();
        one.until = date();
        return one;
    }
    Timestamp date() {
        return from_civil_local(2001 + static_cast<int>(below(20)), 1 + static_cast<int>(below(12)),
                                1 + static_cast<int>(below(28)), 0, 0, 0);
    }
    AcceptSetting accepted() {
        AcceptSetting one;
        const bool by_value = maybe();
        one.rule = by_value ? "drive_suspect_many_reallocated" : "array_gone";
        one.subject = "s" + name() + text();
        if (by_value) one.up_to = number();
        one.until = date();
        one.reason = text();
        return one;
    }

  private:
    std::string short_text_without(std::string_view letters) {
        std::string made = short_text();
        std::erase_if(made, [&](char c) { return contains(letters, c); });
        return made;
    }
    void change(Setting<std::string>& setting) {
        if (setting.path == PathRule::optional && maybe())
            setting = "";
        else
            setting = setting.path == PathRule::no_path ? text() : path();
    }
    void change(Setting<bool>& setting) { setting = maybe(); }
    void change(Setting<Seconds>& setting) { setting = duration(); }
    void change(Setting<std::vector<std::string>>&) {}

    std::mt19937_64& random_;
    size_t names_ = 0;
};

}  // namespace

Config random_config(std::mt19937_64& random) {
    Generator make(random);
    Config config;
    make.settings(config);
    for (size_t i = make.below(5); i > 0; --i) {
        config.backups.push_back(make.backup());
        if (config.backups.size() > 1 && make.maybe()) make.hop(config);
    }
    for (size_t i = make.below(3); i > 0; --i)
        config.external_collectors.push_back(make.external());
    for (size_t i = make.below(3); i > 0; --i) config.elsewhere.push_back(make.elsewhere());
    for (size_t i = make.below(3); i > 0; --i) config.accepted.push_back(make.accepted());
    for (const Collector* collector : all_collectors()) {
        if (make.below(4) != 0) continue;
        CollectorSettings& one = config.collectors[std::string(collector->name)];
        one.enabled = make.maybe();
        if (make.maybe()) one.interval = make.duration();
        if (make.maybe()) one.deadline = make.duration();
    }
    return config;
}

bool is_same(const Config& one, const Config& other) {
    bool same = one.backups == other.backups && one.accepted == other.accepted &&
                one.elsewhere == other.elsewhere &&
                one.external_collectors == other.external_collectors &&
                one.collectors == other.collectors;
    const Settings &a = one, &b = other;
    for (const SettingMember& any : all_settings())
        std::visit([&](auto member) { same = same && (a.*member).value == (b.*member).value; },
                   any);
    return same;
}

}  // namespace lastgood::test
