#include "tests/benchmarks/incidents/print.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/text.hpp"

namespace lastgood::simulation {

namespace {

using Counts = std::map<std::string, int>;

// How long people take until they have done what a finding asks for: assumed.
constexpr Seconds acts_on_page = day / 2, acts_on_warning = 7 * day;

std::string span(Seconds time) {
    const Seconds magnitude = std::abs(time);
    if (magnitude < 2 * minute) return fmt::format("{:.0f} s", time);
    if (magnitude < 2 * hour) return fmt::format("{:.0f} min", time / minute);
    if (magnitude < 2 * day) return fmt::format("{:.0f} h", time / hour);
    return fmt::format("{:.0f} d", time / day);
}

// "3 h (1 to 20 h)": the median, and nine of ten.
std::string spread(std::vector<Seconds> times) {
    if (times.empty()) return "-";
    std::ranges::sort(times);
    const auto at = [&](double share) {
        return times[static_cast<size_t>(
            std::lround(share * static_cast<double>(times.size() - 1)))];
    };
    return fmt::format("{} ({} to {})", span(at(0.5)), span(at(0.05)), span(at(0.95)));
}

std::string most_often(const Counts& counts) {
    const auto most =
        std::ranges::max_element(counts, {}, [](const auto& one) { return one.second; });
    return most == counts.end() ? "-" : most->first;
}

// Wilson's interval of a share.
std::string share(size_t some, size_t all) {
    if (all == 0) return "-";
    const double n = static_cast<double>(all), p = static_cast<double>(some) / n, z = 1.96;
    const double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
    const double half = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n);
    return fmt::format("{} of {} ({:.0f} to {:.0f} %)", some, all,
                       100 * std::max(0.0, middle - half), 100 * std::min(1.0, middle + half));
}

// The interval of a rate of events that come by chance (Byar's approximation).
std::string rate(double count, double years) {
    const double z = 1.96;
    const auto bound = [&](double of, double sign) {
        if (of <= 0) return 0.0;
        return of * std::pow(1 - 1 / (9 * of) + sign * z / (3 * std::sqrt(of)), 3);
    };
    return fmt::format("{:.3f} ({:.3f} to {:.3f})", count / years, bound(count, -1) / years,
                       bound(count + 1, 1) / years);
}

struct Row {
    std::vector<Seconds> found_after, ahead, paged_ahead, cost;
    Counts rules, page_rules;
    Counts preflights;
    size_t hosts = 0, found = 0, paged = 0, avoided = 0, all_lost = 0;
};

bool in_time(const std::optional<Said>& said, Seconds takes, const Loss& loss) {
    return said && said->at + takes < loss.at;
}

void add(Row& row, const Life& life) {
    const Loss& loss = *life.loss;
    ++row.hosts;
    if (life.first && life.first->at < loss.at) {
        ++row.found;
        ++row.rules[life.first->rule];
        row.found_after.push_back(life.first->at - life.began);
        row.ahead.push_back(loss.at - life.first->at);
    }
    if (life.first_page && life.first_page->at < loss.at) {
        ++row.paged;
        ++row.page_rules[life.first_page->rule];
        row.paged_ahead.push_back(loss.at - life.first_page->at);
    }
    row.avoided += in_time(life.first_page, acts_on_page, loss) ||
                   in_time(life.first_warning, acts_on_warning, loss);
    if (loss.of)
        row.cost.push_back(*loss.of);
    else
        ++row.all_lost;
    if (life.pulled_at) ++row.preflights[life.preflight];
}

double years_of(const std::vector<Life>& lives) {
    double years = 0;
    for (const Life& life : lives) years += (life.end - first_day) / year;
    return years;
}

}  // namespace

void print_incidents(const std::vector<Life>& lives) {
    std::map<const Chain*, Row> rows;
    size_t by_chance = 0;
    for (const Life& life : lives) {
        if (life.by_chance) ++by_chance;
        if (life.chain != nullptr && life.loss && !life.by_chance) add(rows[life.chain], life);
    }
    fmt::print(
        "| incident | found before the loss | first finding, most often | after the first sign | "
        "before the loss | a page before the loss | which, most often | lost without it | "
        "prevented |\n|---|---|---|---|---|---|---|---|---|\n");
    for (const auto& [chain, row] : rows)
        fmt::print("| {} | {} | {} | {} | {} | {} | {} | {}{} | {:.0f} % |\n", chain->name,
                   share(row.found, row.hosts), most_often(row.rules), spread(row.found_after),
                   spread(row.ahead), share(row.paged, row.hosts), most_often(row.page_rules),
                   spread(row.cost), row.all_lost > 0 ? fmt::format("; all: {}", row.all_lost) : "",
                   100.0 * static_cast<double>(row.avoided) / static_cast<double>(row.hosts));
    for (const auto& [chain, row] : rows)
        for (const auto& [verdict, count] : row.preflights)
            fmt::print("\n`lastgood preflight` before the pull, {}: {} {} times\n", chain->name,
                       verdict, count);
    fmt::print("\nLost by chance, before or without what was injected: {}\n", by_chance);
}

void print_pages(const std::vector<Life>& lives) {
    struct Sum {
        Counts with_cause, without;
        double all_with = 0, all_without = 0;
    };
    std::map<Severity, Sum> sums;
    double judged = 0;
    for (const Life& life : lives) {
        judged += static_cast<double>(life.judged);
        for (const Said& said : life.said) {
            Sum& sum = sums[said.severity];
            const bool has_cause = !said.cause.empty();
            (has_cause ? sum.all_with : sum.all_without) += 1;
            ++(has_cause ? sum.with_cause[said.cause] : sum.without[said.rule]);
        }
    }
    const double years = years_of(lives);
    fmt::print("{:.0f} years of hosts, judged {:.0f} times\n\n", years, judged);
    fmt::print(
        "| finding | with a cause, a host and year | without | rules without a cause |\n"
        "|---|---|---|---|\n");
    for (const Severity severity : {Severity::critical, Severity::warning, Severity::unknown}) {
        const Sum& sum = sums[severity];
        std::vector<std::pair<int, std::string>> rules;
        for (const auto& [rule, count] : sum.without) rules.emplace_back(count, rule);
        std::ranges::sort(rules, std::greater<>());
        std::string named;
        for (size_t i = 0; i < std::min<size_t>(rules.size(), 6); ++i)
            named += fmt::format("{}{} {}", i == 0 ? "" : ", ", rules[i].second, rules[i].first);
        fmt::print("| {} | {} | {} | {} |\n",
                   severity == Severity::critical ? "critical: a page" : to_string(severity),
                   rate(sum.all_with, years), rate(sum.all_without, years), named);
    }
    fmt::print("\n| cause of a page | pages, a host and year |\n|---|---|\n");
    for (const auto& [cause, count] : sums[Severity::critical].with_cause)
        fmt::print("| {} | {} |\n", cause, rate(count, years));
}

}  // namespace lastgood::simulation
