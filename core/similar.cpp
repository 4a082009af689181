#include "core/similar.hpp"

#include <algorithm>

namespace lastgood {

namespace {

// The optimal string alignment distance.
size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
    for (size_t i = 0; i <= a.size(); ++i) {
        for (size_t k = 0; k <= b.size(); ++k) {
            if (i == 0 || k == 0) {
                d[i][k] = i + k;
                continue;
            }
            const size_t replaced = d[i - 1][k - 1] + (a[i - 1] == b[k - 1] ? 0 : 1);
            d[i][k] = std::min({replaced, d[i - 1][k] + 1, d[i][k - 1] + 1});
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                d[i][k] = std::min(d[i][k], d[i - 2][k - 2] + 1);
        }
    }
    return d[a.size()][b.size()];
}

}  // namespace

std::string_view most_similar(std::string_view word, const std::vector<std::string>& known) {
    constexpr size_t longest = 40;  // no known word is longer
    std::string_view best;
    if (word.size() > longest) return best;
    // "state_dir": the beginning of one known word.
    constexpr size_t shortest_beginning = 4;
    const auto begins = [&](const std::string& one) { return one.starts_with(word); };
    if (word.size() >= shortest_beginning && std::ranges::count_if(known, begins) == 1)
        return *std::ranges::find_if(known, begins);
    size_t least = longest;
    for (const std::string& one : known) {
        const size_t differs = distance(word, one);
        if (differs >= least || differs > std::max<size_t>(one.size() / 3, 1)) continue;
        least = differs;
        best = one;
    }
    return best;
}

}  // namespace lastgood
