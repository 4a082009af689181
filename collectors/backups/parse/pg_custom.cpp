#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "collectors/backups/parse/framed.hpp"
#include "collectors/backups/parse/pg_lists.hpp"
#include "core/bytes.hpp"

namespace lastgood {

namespace {

constexpr size_t most_reads = 500'000;
constexpr size_t piece_length = 64 * kib;
constexpr uint64_t longest_table = 64 * mib;
constexpr size_t most_files = 50'000;
constexpr int64_t longest_name = 255;
constexpr unsigned custom_format = 1, directory_format = 3;  // that of tar, which it shares

constexpr CompletenessVerdict truncated{
    Completeness::incomplete, "pg_dump",
    "the file ends before the data of its table of contents: it is truncated"};

CompletenessVerdict cannot_tell(std::string_view why) {
    return {Completeness::unknown, "pg_dump", why};
}

// Reads numbers and texts one after another, as pg_backup_archiver.c does. After the end of the
// file all are 0, and ended() is true.
class Archive {
  public:
    explicit Archive(const ReadAt& read_at) : read_at_(read_at) {}

    void set_sizes(unsigned integer, unsigned offset) {
        integer_ = integer;
        offset_ = offset;
    }
    unsigned byte() {
        if (at_ < start_ || at_ >= start_ + piece_.size()) {
            start_ = at_;
            piece_ = read_at_(at_, piece_length_);
            ++reads_;
            if (piece_.empty()) {
                ended_ = true;
                return 0;
            }
        }
        return static_cast<unsigned char>(piece_[at_++ - start_]);
    }
    int64_t integer() {
        const bool minus = byte() != 0;
        int64_t value = 0;
        for (unsigned i = 0; i < integer_; ++i)
            value |= static_cast<int64_t>(byte()) << (8 * (i % 4));
        return minus ? -value : value;
    }
    // Its length; -1: no text.
    int64_t skip_text() {
        const int64_t length = integer();
        if (length > 0) skip(static_cast<uint64_t>(length));
        return length;
    }
    // Empty: none, or it is longer than `most`.
    std::string text(int64_t most) {
        const int64_t length = integer();
        std::string text;
        if (length > most) skip(static_cast<uint64_t>(length));
        for (int64_t i = 0; i < length && length <= most && !ended_; ++i)
            text += static_cast<char>(byte());
        return text;
    }
    unsigned skip_offset() {
        const unsigned flag = byte();
        skip(offset_);
        return flag;
    }
    void skip(uint64_t length) { at_ += length; }
    // Between pieces of data less is needed than in the table.
    void read_small_pieces() { piece_length_ = 32; }

    uint64_t at() const { return at_; }
    size_t reads() const { return reads_; }
    bool ended() const { return ended_; }

  private:
    const ReadAt& read_at_;
    std::string piece_;
    uint64_t start_ = 0;
    uint64_t at_ = 0;
    size_t piece_length_ = piece_length;
    size_t reads_ = 0;
    unsigned integer_ = 4;
    unsigned offset_ = 8;
    bool ended_ = false;
};

// Steps over what an entry of the table has in each format.
void skip_entry(Archive& archive, unsigned version) {
    archive.integer();                                // its number
    archive.integer();                                // whether it had a dumper
    for (int i = 0; i < 4; ++i) archive.skip_text();  // oids, tag, kind
    archive.integer();                                // section
    for (int i = 0; i < 5; ++i) archive.skip_text();  // definitions, copy, schema, space
    if (version >= 14) archive.skip_text();           // access method
    if (version >= 16) archive.integer();             // kind of relation
    for (int i = 0; i < 2; ++i) archive.skip_text();  // owner, oids
    while (!archive.ended() && archive.at() < longest_table && archive.skip_text() >= 0) {
    }  // what it depends on
}

// Returns whether the entry announces data.
bool take_entry(Archive& archive, unsigned version) {
    skip_entry(archive, version);
    constexpr unsigned no_data = 3;
    return archive.skip_offset() != no_data;
}

bool skip_pieces(Archive& archive, uint64_t size) {
    for (;;) {
        const int64_t length = archive.integer();
        if (archive.ended() || length < 0 || archive.reads() > most_reads) return false;
        if (length == 0) return true;
        archive.skip(static_cast<uint64_t>(length));
        if (archive.at() > size) return false;
    }
}

bool skip_data(Archive& archive, uint64_t size, unsigned type) {
    constexpr unsigned large_objects = 3;
    archive.integer();  // the entry's number
    if (type != large_objects) return skip_pieces(archive, size);
    while (archive.integer() != 0 && !archive.ended())
        if (!skip_pieces(archive, size)) return false;
    return !archive.ended();
}

// What stands before the table. A verdict: what follows is not read.
std::optional<CompletenessVerdict> read_header(Archive& archive, unsigned wanted_format,
                                               unsigned& version, int64_t& entries) {
    archive.skip(5);  // "PGDMP"
    const unsigned major = archive.byte();
    version = archive.byte();
    archive.byte();
    const unsigned integer = archive.byte();
    const unsigned offset = archive.byte();
    const unsigned format = archive.byte();
    if (archive.ended()) return truncated;
    if (major != 1 || version < 12 || version > 16 || integer != 4 || offset > 8)
        return cannot_tell("its version is not known here");
    if (format != wanted_format)
        return cannot_tell(wanted_format == custom_format ? "it is not in the custom format"
                                                          : "it is not in the directory format");
    archive.set_sizes(integer, offset);
    if (version >= 15)
        archive.byte();  // compression
    else
        archive.integer();
    for (int i = 0; i < 7; ++i) archive.integer();    // time
    for (int i = 0; i < 3; ++i) archive.skip_text();  // database, versions
    entries = archive.integer();
    return std::nullopt;
}

// Only archives up to 1.14 (PostgreSQL 15) were tried. Of a newer one the table is understood if
// what follows it fits.
constexpr unsigned newest_tried = 14;
constexpr std::string_view too_long = "its table of contents is too long to check";
constexpr std::string_view not_understood = "its table of contents is not understood";

bool is_data_file(std::string_view name) {
    return name.find('/') == std::string_view::npos && !name.starts_with('.') &&
           name.find('\0') == std::string_view::npos &&
           (name.ends_with(".dat") || name.ends_with(".toc"));
}

}  // namespace

CompletenessVerdict judge_pg_custom(uint64_t size, const ReadAt& read_at) {
    Archive archive(read_at);
    unsigned version = 0;
    int64_t entries = 0;
    if (const auto verdict = read_header(archive, custom_format, version, entries)) return *verdict;
    int64_t announced = 0;
    for (int64_t i = 0; i < entries && !archive.ended(); ++i) {
        if (archive.at() > longest_table || archive.reads() > most_reads)
            return cannot_tell(too_long);
        if (take_entry(archive, version)) ++announced;
    }
    const bool tried = version <= newest_tried;
    if (archive.ended() || archive.at() > size)
        return tried ? truncated : cannot_tell(not_understood);
    archive.read_small_pieces();
    int64_t found = 0;
    while (archive.at() < size) {
        const unsigned type = archive.byte();
        if (type != 1 && type != 3 && !tried && found == 0) return cannot_tell(not_understood);
        if (type != 1 && type != 3)
            return {Completeness::incomplete, "pg_dump", "its data is damaged"};
        if (!skip_data(archive, size, type))
            return archive.reads() > most_reads ? cannot_tell("too many pieces to check")
                                                : truncated;
        ++found;
    }
    if (found == 0 && announced > 0 && !tried) return cannot_tell(not_understood);
    return found < announced ? truncated
                             : CompletenessVerdict{Completeness::complete, "pg_dump", ""};
}

PgContents read_pg_contents(uint64_t size, const ReadAt& read_at) {
    Archive archive(read_at);
    if (read_at(0, 5) != "PGDMP")
        return {{Completeness::incomplete, "pg_dump", "its toc.dat is damaged"}, {}};
    unsigned version = 0;
    int64_t entries = 0;
    if (const auto verdict = read_header(archive, directory_format, version, entries))
        return {*verdict, {}};
    PgContents contents;
    std::set<std::string> names;
    for (int64_t i = 0; i < entries && !archive.ended(); ++i) {
        if (archive.at() > longest_table || archive.reads() > most_reads ||
            names.size() > most_files)
            return {cannot_tell(too_long), {}};
        skip_entry(archive, version);
        const std::string name = archive.text(longest_name);
        if (name.empty()) continue;
        if (!is_data_file(name) && !archive.ended()) return {cannot_tell(not_understood), {}};
        names.insert(name);
    }
    if (archive.ended() || archive.at() != size) {
        const bool tried = version <= newest_tried;
        return {tried ? CompletenessVerdict{Completeness::incomplete, "pg_dump",
                                            "its toc.dat is cut or damaged"}
                      : cannot_tell(not_understood),
                {}};
    }
    contents.verdict = {Completeness::complete, "pg_dump", ""};
    contents.files.assign(names.begin(), names.end());
    return contents;
}

}  // namespace lastgood
