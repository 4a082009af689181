#include "collectors/backups/parse/lvm_backup.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>

#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t most_sections = 16;  // within each other; LVM has five

enum class TokenKind { word, text, open, close, assign, end, broken };

struct Token {
    TokenKind kind = TokenKind::end;
    std::string_view text;
};

class Tokens {
  public:
    explicit Tokens(std::string_view text) : rest_(text) {}
    Token next();

  private:
    Token quoted();
    std::string_view rest_;
};

Token Tokens::quoted() {
    for (size_t i = 1; i < rest_.size(); ++i) {
        if (rest_[i] == '\\') {
            ++i;
        } else if (rest_[i] == '"') {
            const std::string_view text = rest_.substr(1, i - 1);
            rest_.remove_prefix(i + 1);
            return {TokenKind::text, text};
        }
    }
    rest_ = {};
    return {TokenKind::broken, {}};
}

Token Tokens::next() {
    for (rest_ = trim_start(rest_); rest_.starts_with('#'); rest_ = trim_start(rest_))
        take_line(rest_);
    if (rest_.empty()) return {};
    if (rest_.front() == '"') return quoted();
    const size_t length =
        std::max<size_t>(1, std::min(rest_.size(), rest_.find_first_of(" \t\r\n{}=[],#\"")));
    const std::string_view word = rest_.substr(0, length);
    rest_.remove_prefix(length);
    if (word == "{") return {TokenKind::open, word};
    if (word == "}") return {TokenKind::close, word};
    if (word == "=") return {TokenKind::assign, word};
    return {TokenKind::word, word};
}

// Of a volume and of its segments: a snapshot has one.
using Values = std::map<std::string_view, std::string_view, std::less<>>;

std::string value_of(const Values& values, std::string_view key) {
    const auto found = values.find(key);
    return found == values.end() ? std::string() : std::string(found->second);
}

class Reader {
  public:
    explicit Reader(std::string_view text) : tokens_(text) {}
    // false: it is cut, or no such record.
    bool read();
    LvmRecord record() const;

  private:
    bool in_volume() const { return sections_.size() >= 3 && sections_[1] == "logical_volumes"; }
    void set(std::string_view value);

    Tokens tokens_;
    std::vector<std::string_view> sections_;  // the group, "logical_volumes", a volume, a segment
    std::string_view key_;
    bool has_volumes_ = false;
    std::map<std::string_view, Values, std::less<>> volumes_;
};

// Of a list the first value counts; those that matter here have one.
void Reader::set(std::string_view value) {
    if (in_volume()) volumes_[sections_[2]].emplace(key_, value);
}

bool Reader::read() {
    bool assigns = false;
    for (;;) {
        const Token token = tokens_.next();
        switch (token.kind) {
            case TokenKind::end:
                return sections_.empty() && has_volumes_;
            case TokenKind::broken:
                return false;
            case TokenKind::open:
                sections_.push_back(key_);
                if (sections_.size() > most_sections) return false;
                if (sections_.size() == 2 && key_ == "logical_volumes") has_volumes_ = true;
                break;
            case TokenKind::close:
                if (sections_.empty()) return false;
                sections_.pop_back();
                break;
            case TokenKind::assign:
                assigns = true;
                continue;
            case TokenKind::word:
            case TokenKind::text:
                if (assigns)
                    set(token.text);
                else
                    key_ = token.text;
                break;
        }
        assigns = false;
    }
}

LvmRecord Reader::record() const {
    LvmRecord found;
    for (const auto& [name, values] : volumes_) {
        found.volumes.emplace_back(name);
        const std::string type = value_of(values, "type");
        LvmSnapshot snapshot{std::string(name), value_of(values, "origin"), "", 0};
        if (type == "snapshot")
            snapshot.name = value_of(values, "cow_store");  // the volume that is seen
        else if (type == "thin")
            snapshot.pool = value_of(values, "thin_pool");
        else
            continue;
        const auto volume = volumes_.find(snapshot.name);
        if (snapshot.origin.empty() || volume == volumes_.end()) continue;
        const auto taken = parse_number<int64_t>(value_of(volume->second, "creation_time"));
        if (!taken || *taken < 0 || *taken > int64_t{1} << 40) continue;
        snapshot.taken = static_cast<Timestamp>(*taken);
        found.snapshots.push_back(std::move(snapshot));
    }
    return found;
}

std::string doubled(std::string_view name) {
    std::string result;
    for (const char c : name) result.append(c == '-' ? 2 : 1, c);
    return result;
}

}  // namespace

Result<LvmRecord> parse_lvm_backup(std::string_view text) {
    Reader reader(text);
    if (!reader.read())
        return fail(ErrorKind::malformed, "it is no record of a volume group, or it is cut");
    return reader.record();
}

std::string dm_name_of(std::string_view group, std::string_view volume) {
    return doubled(group) + "-" + doubled(volume);
}

std::vector<DmStatus> parse_dm_status(std::string_view text) {
    std::vector<DmStatus> found;
    while (!text.empty()) {
        std::string_view line = take_line(text);
        const size_t colon = line.find(": ");
        if (colon == line.npos) continue;
        DmStatus one{std::string(line.substr(0, colon)), "", ""};
        line.remove_prefix(colon + 2);
        take_until(line, ' ');  // start
        take_until(line, ' ');  // length
        one.target = take_until(line, ' ');
        one.status = trim(line);
        if (one.target == "snapshot" || one.target == "thin-pool") found.push_back(std::move(one));
    }
    return found;
}

}  // namespace lastgood
