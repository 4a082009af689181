#include <algorithm>
#include <optional>

#include "collectors/backups/parse/pg_lists.hpp"
#include "core/bytes.hpp"
#include "core/json_value.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t piece_length = 64 * kib;
constexpr size_t longest_line = 32 * kib;
constexpr size_t checksum_digits = 64;

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::string from_hex(std::string_view digits) {
    std::string text;
    if (digits.size() % 2 != 0) return text;
    for (size_t i = 0; i + 1 < digits.size(); i += 2) {
        const int high = hex_digit(digits[i]), low = hex_digit(digits[i + 1]);
        if (high < 0 || low < 0) return "";
        text += static_cast<char>(high * 16 + low);
    }
    return text;
}

bool is_below(std::string_view path) {
    if (path.empty() || path.front() == '/' || path.find('\0') != std::string_view::npos)
        return false;
    while (!path.empty()) {
        const auto name = path.substr(0, path.find('/'));
        if (name == ".." || name == ".") return false;
        path.remove_prefix(std::min(path.size(), name.size() + 1));
    }
    return true;
}

std::optional<PgListedFile> parse_file(std::string_view line) {
    if (line.ends_with(',')) line.remove_suffix(1);
    const auto entry = parse_json(line);
    PgListedFile file;
    file.path = text_in(entry, "Path");
    if (file.path.empty()) file.path = from_hex(text_in(entry, "Encoded-Path"));
    const auto size = number_in(entry, "Size");
    if (!size || *size < 0 || !is_below(file.path)) return std::nullopt;
    file.size = *size;
    return file;
}

bool is_checksum(std::string_view line) {
    constexpr std::string_view begin = "\"Manifest-Checksum\": \"";
    if (!line.starts_with(begin) || !line.ends_with("\"}")) return false;
    return line.size() == begin.size() + checksum_digits + 2;
}

// Line by line. nullopt: the end, or a line that is too long.
class Lines {
  public:
    Lines(uint64_t size, const ReadAt& read_at) : size_(size), read_at_(read_at) {}
    std::optional<std::string_view> next() {
        for (;;) {
            const size_t end = text_.find('\n', at_);
            if (end != std::string::npos) return take(end, end + 1);
            if (text_.size() - at_ > longest_line) return std::nullopt;
            text_.erase(0, at_);
            at_ = 0;
            std::string piece = offset_ < size_ ? read_at_(offset_, piece_length) : "";
            if (piece.empty() && text_.empty()) return std::nullopt;
            if (piece.empty()) return take(text_.size(), text_.size());
            offset_ += piece.size();
            text_ += piece;
        }
    }

  private:
    std::string_view take(size_t end, size_t next) {
        const auto line = std::string_view(text_).substr(at_, end - at_);
        at_ = next;
        return line;
    }
    uint64_t size_;
    const ReadAt& read_at_;
    uint64_t offset_ = 0;
    std::string text_;
    size_t at_ = 0;
};

}  // namespace

PgManifestEnd read_pg_manifest(uint64_t size, const ReadAt& read_at,
                               const std::function<bool(const PgListedFile&)>& file) {
    Lines lines(size, read_at);
    const auto first = lines.next();
    if (!first || !first->starts_with('{')) return PgManifestEnd::cut;
    if (!first->starts_with("{ \"PostgreSQL-Backup-Manifest-Version\": "))
        return PgManifestEnd::not_understood;
    bool whole = false;
    while (const auto line = lines.next()) {
        whole = is_checksum(*line);
        if (!line->starts_with("{ \"Path\":") && !line->starts_with("{ \"Encoded-Path\":"))
            continue;
        if (!line->ends_with('}') && !line->ends_with("},")) return PgManifestEnd::cut;
        const auto listed = parse_file(*line);
        if (!listed) return PgManifestEnd::not_understood;
        if (!file(*listed)) return PgManifestEnd::stopped;
    }
    return whole ? PgManifestEnd::whole : PgManifestEnd::cut;
}

}  // namespace lastgood
