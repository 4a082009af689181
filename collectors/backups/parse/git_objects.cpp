#include "collectors/backups/parse/git_objects.hpp"

#include <zlib.h>

#include "core/bytes.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t id_length = 20;
constexpr uint64_t header_length = 8, fanout_length = uint64_t{256} * 4;

uint64_t big_endian(std::string_view bytes) {
    uint64_t value = 0;
    for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
    return value;
}

std::optional<uint64_t> read_number(const ReadAt& read_at, uint64_t offset, size_t length) {
    const std::string bytes = read_at(offset, length);
    if (bytes.size() != length) return std::nullopt;
    return big_endian(bytes);
}

std::string to_bytes(std::string_view id) {
    std::string bytes;
    for (size_t i = 0; i + 1 < id.size(); i += 2)
        bytes += static_cast<char>(parse_number<int>(id.substr(i, 2), 16).value_or(0));
    return bytes;
}

// The objects of the index whose first byte is this one: from `first` up to before `end`.
struct Range {
    uint64_t first = 0, end = 0, total = 0;
};
std::optional<Range> read_range(const ReadAt& index, unsigned char byte) {
    const auto total = read_number(index, header_length + fanout_length - 4, 4);
    const auto end = read_number(index, header_length + 4 * uint64_t{byte}, 4);
    const auto first = byte == 0 ? std::optional<uint64_t>(0)
                                 : read_number(index, header_length + 4 * (uint64_t{byte} - 1), 4);
    if (!total || !end || !first || *first > *end || *end > *total) return std::nullopt;
    return Range{*first, *end, *total};
}

}  // namespace

bool is_git_id(std::string_view text) {
    return text.size() == 2 * id_length && consists_of(text, "0123456789abcdef");
}

std::optional<uint64_t> find_in_pack_index(std::string_view id, const ReadAt& index) {
    if (!is_git_id(id) || index(0, header_length) != std::string_view("\377tOc\0\0\0\2", 8))
        return std::nullopt;
    const std::string wanted = to_bytes(id);
    const auto range = read_range(index, static_cast<unsigned char>(wanted[0]));
    if (!range) return std::nullopt;
    const uint64_t names = header_length + fanout_length;
    uint64_t first = range->first, end = range->end;
    while (first < end) {
        const uint64_t middle = first + (end - first) / 2;
        const std::string name = index(names + middle * id_length, id_length);
        if (name.size() != id_length) return std::nullopt;
        if (name == wanted) {
            // Names, checksums of 4 bytes, places of 4 bytes, places of 8 bytes.
            const uint64_t places = names + range->total * (id_length + 4);
            const auto place = read_number(index, places + middle * 4, 4);
            constexpr uint64_t is_large = 0x80000000;
            if (!place || (*place & is_large) == 0) return place;
            return read_number(index, places + range->total * 4 + (*place - is_large) * 8, 8);
        }
        if (name < wanted)
            first = middle + 1;
        else
            end = middle;
    }
    return std::nullopt;
}

std::optional<std::string> read_packed_commit(uint64_t offset, const ReadAt& pack) {
    constexpr size_t largest = 64 * kib;
    std::string bytes = pack(offset, largest);
    if (bytes.empty()) return std::nullopt;
    // Type in bits 4 to 6, then the size in groups of 7 bits, the lowest first.
    if ((static_cast<unsigned char>(bytes[0]) >> 4 & 7) != 1) return std::nullopt;
    size_t used = 1;
    while ((static_cast<unsigned char>(bytes[used - 1]) & 0x80) != 0)
        if (++used >= bytes.size() || used > 10) return std::nullopt;
    std::string text(largest, '\0');
    z_stream stream{};
    if (inflateInit(&stream) != Z_OK) return std::nullopt;
    stream.next_in = reinterpret_cast<Bytef*>(bytes.data() + used);
    stream.avail_in = static_cast<uInt>(bytes.size() - used);
    stream.next_out = reinterpret_cast<Bytef*>(text.data());
    stream.avail_out = static_cast<uInt>(text.size());
    const int result = inflate(&stream, Z_FINISH);
    text.resize(stream.total_out);
    inflateEnd(&stream);
    if (result != Z_STREAM_END) return std::nullopt;
    return text;
}

std::optional<Timestamp> parse_commit_time(std::string_view commit) {
    while (!commit.empty()) {
        const std::string_view line = take_line(commit);
        if (line.empty()) return std::nullopt;  // the message follows
        if (!line.starts_with("committer ")) continue;
        const size_t mail = line.rfind("> ");
        if (mail == line.npos) return std::nullopt;
        std::string_view time = line.substr(mail + 2);
        const auto seconds = take_number<int64_t>(time);
        if (!seconds) return std::nullopt;
        return static_cast<Timestamp>(*seconds);
    }
    return std::nullopt;
}

std::optional<ReflogEntry> parse_last_reflog_entry(std::string_view text) {
    text = trim_end(text);
    const std::string_view line = text.substr(text.rfind('\n') + 1);
    const auto words = split(line.substr(0, line.find('\t')), " ");
    if (words.size() < 4 || !is_git_id(words[0]) || !is_git_id(words[1])) return std::nullopt;
    const auto time = parse_number<int64_t>(words[words.size() - 2]);
    if (!time) return std::nullopt;
    return ReflogEntry{std::string(words[1]), static_cast<Timestamp>(*time)};
}

}  // namespace lastgood
