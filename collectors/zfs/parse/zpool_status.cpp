#include "collectors/zfs/parse/zpool_status.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t max_pools = 256;
constexpr size_t max_leaves = 4096;

constexpr std::string_view states[] = {"ONLINE",  "DEGRADED", "FAULTED",   "OFFLINE", "UNAVAIL",
                                       "REMOVED", "AVAIL",    "SUSPENDED", "INUSE"};

// "0", "12", "1.2K"
bool take_count(std::string_view word, uint64_t& value) {
    const auto number = take_number<double>(word);
    if (!number || !(*number >= 0) || *number > 1e15) return false;
    double factor = 1;
    if (word == "K") factor = 1e3;
    if (word == "M") factor = 1e6;
    if (word == "G" || word == "T") factor = 1e9;
    if (word.size() > 1) return false;
    value = static_cast<uint64_t>(*number * factor);
    return true;
}

// "mirror-0", "raidz2-1", "replacing-0", "spare-2", "draid2:4d:10c:1s-0": no drive, but a group
int group_parity(std::string_view name) {
    if (name.starts_with("raidz") || name.starts_with("draid")) {
        const char digit = name.size() > 5 ? name[5] : '1';
        return digit >= '2' && digit <= '3' ? digit - '0' : 1;
    }
    return 0;
}

bool is_group(std::string_view name) {
    for (const std::string_view prefix :
         {"mirror", "raidz", "draid", "replacing-", "spare-", "indirect-"})
        if (name.starts_with(prefix)) return true;
    return false;
}

class Reader {
  public:
    std::vector<ZpoolStatus> read(std::string_view text) {
        while (!text.empty()) take(take_line(text));
        finish();
        return std::move(pools_);
    }

  private:
    void finish() {
        close_group();
        if (!pool_.pool.empty() && pools_.size() < max_pools) pools_.push_back(std::move(pool_));
        pool_ = {};
        in_config_ = false;
        top_ = npos;
    }

    void close_group() {
        if (in_group_) {
            if (mirror_) group_.parity = std::max(0, members_ - 1);
            pool_.groups.push_back(group_);
        }
        in_group_ = mirror_ = false;
        group_ = {};
        members_ = 0;
    }

    void take(std::string_view whole) {
        const std::string_view line = trim(whole, " \t\r>");
        if (line.empty()) {
            ends_table_ = in_config_ && top_ != npos;
            return;
        }
        if (line.starts_with("pool: ")) {
            finish();
            pool_.pool = std::string(trim(line.substr(6)).substr(0, 256));
        } else if (line.starts_with("state: ") && pool_.state.empty()) {
            pool_.state = std::string(trim(line.substr(7)));
            pool_.state_line = whole;
        } else if (line.starts_with("NAME ") && contains(line, "STATE")) {
            in_config_ = true;
            auxiliary_ = ends_table_ = false;
            top_ = npos;
        } else if (line.starts_with("errors: ")) {
            pool_.has_errors_line = true;
            close_group();
            in_config_ = false;
            take_errors(line.substr(8), whole);
        } else if (in_config_) {
            take_row(whole, line);
        }
    }

    // "No known data errors", "4 data errors, use '-v' for a list", "Permanent errors have been
    // detected in the following files:"
    void take_errors(std::string_view text, std::string_view whole) {
        if (text.starts_with("No known data errors")) return;
        pool_.errors_line = whole;
        pool_.data_errors = std::max<uint64_t>(1, take_number<uint64_t>(text).value_or(1));
    }

    void take_row(std::string_view whole, std::string_view line) {
        const auto words = split(line);
        if (words.empty()) return;  // other white space
        const size_t indent = whole.find_first_not_of(" \t>");
        if (words.size() == 1) {  // "logs", "cache", "spares"
            close_group();
            auxiliary_ = true;
            return;
        }
        const std::string_view name = words[0];
        if (!contains(states, words[1])) return not_read(whole);
        if (name == pool_.pool || top_ == npos) {
            top_ = indent;
            if (pool_.state.empty()) {
                pool_.state = std::string(words[1]);
                pool_.state_line = whole;
            }
            return;
        }
        if (is_group(name) && !name.starts_with("replacing-") && !name.starts_with("spare-")) {
            close_group();
            in_group_ = !auxiliary_;
            mirror_ = name.starts_with("mirror");
            group_.parity = group_parity(name);
            group_indent_ = indent;
            return;
        }
        if (in_group_ && indent <= group_indent_) close_group();
        const bool nested = in_group_ && indent > group_indent_ + 2;  // under "replacing-0"
        if (in_group_ && !nested) {
            ++members_;
            if (is_lost(words[1])) ++group_.lost;
        } else if (!in_group_ && !auxiliary_) {
            pool_.groups.push_back({0, is_lost(words[1]) ? 1 : 0});
        }
        if (is_group(name) || pool_.leaves.size() >= max_leaves) return;
        ZpoolLeaf leaf;
        leaf.device = std::string(name.substr(name.rfind('/') + 1));
        leaf.state = std::string(words[1]);
        leaf.line = whole;
        if (words.size() >= 5 &&
            (!take_count(words[2], leaf.read) || !take_count(words[3], leaf.write) ||
             !take_count(words[4], leaf.checksum))) {
            leaf.read = leaf.write = leaf.checksum = 0;
            not_read(whole);
        }
        pool_.leaves.push_back(std::move(leaf));
    }

    void not_read(std::string_view row) {
        constexpr size_t most_unread = 64;
        if (!ends_table_ && pool_.unread.size() < most_unread) pool_.unread.push_back(row);
    }

    static constexpr size_t npos = std::string_view::npos;
    std::vector<ZpoolStatus> pools_;
    ZpoolStatus pool_;
    ZpoolGroup group_;
    int members_ = 0;
    size_t top_ = npos, group_indent_ = 0;
    bool in_config_ = false, in_group_ = false, mirror_ = false, auxiliary_ = false;
    bool ends_table_ = false;  // a blank line has followed the table
};

}  // namespace

bool is_lost(std::string_view state) {
    return state == "FAULTED" || state == "UNAVAIL" || state == "REMOVED" || state == "OFFLINE";
}

std::vector<ZpoolStatus> parse_zpool_status(std::string_view text) {
    return Reader().read(text);
}

}  // namespace lastgood
