#include "collectors/backups/parse/framed.hpp"

#include <optional>
#include <string>

#include "core/base64.hpp"
#include "core/bytes.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t most_reads = 1'000'000;

uint64_t little_endian(std::string_view bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.size() && i < 8; ++i)
        value |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    return value;
}

uint64_t big_endian(std::string_view bytes) {
    uint64_t value = 0;
    for (const char c : bytes) value = (value << 8) | static_cast<unsigned char>(c);
    return value;
}

constexpr uint64_t lz4_magic = 0x184D2204;
constexpr uint64_t lz4_legacy_magic = 0x184C2102;

bool is_skippable(uint64_t magic) {
    return magic >= 0x184D2A50 && magic <= 0x184D2A5F;
}

constexpr CompletenessVerdict lz4_truncated{Completeness::incomplete, "lz4",
                                            "the file ends within an lz4 frame: it is truncated"};

// Steps over the frame at `at`, behind its magic; the verdict if it cannot.
std::optional<CompletenessVerdict> skip_lz4_frame(uint64_t& at, const ReadAt& read_at,
                                                  size_t& reads, uint64_t& blocks) {
    const std::string descriptor = read_at(at, 2);
    if (descriptor.size() < 2) return lz4_truncated;
    const auto flags = static_cast<unsigned char>(descriptor[0]);
    if (flags >> 6 != 1)
        return CompletenessVerdict{Completeness::unknown, "lz4", "its version is not known here"};
    const bool block_checksum = (flags & 0x10) != 0, has_size = (flags & 0x08) != 0;
    const bool checksum = (flags & 0x04) != 0, dictionary = (flags & 0x01) != 0;
    at += 3 + (has_size ? 8U : 0U) + (dictionary ? 4U : 0U);
    for (;;) {
        if (++reads > most_reads)
            return CompletenessVerdict{Completeness::unknown, "lz4", "too many blocks to check"};
        const std::string word = read_at(at, 4);
        if (word.size() < 4) return lz4_truncated;
        at += 4;
        const uint64_t length = little_endian(word) & 0x7FFFFFFF;
        if (little_endian(word) == 0) break;
        if (length > 4 * mib + 64 * kib)
            return CompletenessVerdict{Completeness::incomplete, "lz4",
                                       "a block of the lz4 frame is malformed"};
        at += length + (block_checksum ? 4U : 0U);
        ++blocks;
    }
    at += checksum ? 4U : 0U;
    return std::nullopt;
}

}  // namespace

bool is_lz4(std::string_view head) {
    const uint64_t magic = little_endian(head.substr(0, 4));
    return head.size() >= 4 && (magic == lz4_magic || magic == lz4_legacy_magic);
}

CompletenessVerdict judge_lz4(uint64_t size, const ReadAt& read_at) {
    uint64_t at = 0;
    uint64_t blocks = 0;
    size_t reads = 0;
    while (at < size) {
        const std::string start = read_at(at, 8);
        if (start.size() < 7 || ++reads > most_reads) return lz4_truncated;
        const uint64_t magic = little_endian(start.substr(0, 4));
        at += 4;
        if (is_skippable(magic)) {
            at += 4 + little_endian(start.substr(4));
        } else if (magic == lz4_magic) {
            if (const auto stopped = skip_lz4_frame(at, read_at, reads, blocks)) return *stopped;
        } else if (magic == lz4_legacy_magic) {
            // Blocks up to the end of the file.
            for (; at < size; ++blocks) {
                const std::string word = read_at(at, 4);
                if (word.size() < 4 || ++reads > most_reads) return lz4_truncated;
                at += 4 + little_endian(word);
            }
        } else {
            return {Completeness::incomplete, "lz4", "other data follows an lz4 frame"};
        }
    }
    if (at != size) return lz4_truncated;
    if (blocks == 0) return {Completeness::incomplete, "lz4", "the compressed file is empty"};
    return {Completeness::complete, "lz4", ""};
}

namespace {

constexpr std::string_view armour_begin = "-----BEGIN PGP MESSAGE-----";
constexpr std::string_view armour_end = "-----END PGP MESSAGE-----";

enum Tag : unsigned {  // RFC 9580, 5
    encrypted_session_key = 1,
    symmetric_session_key = 3,
    encrypted_data = 9,
    marker = 10,
    protected_data = 18,
    aead_data = 20,
    padding = 21,
};

bool holds_data(unsigned tag) {
    return tag == encrypted_data || tag == protected_data || tag == aead_data;
}

struct Packet {
    unsigned tag = 0;
    uint64_t length = 0;  // of the body
    bool to_the_end = false;
};

// Reads the header at `at` and the lengths of a body in parts, and steps over all. nullopt: it ends
// early or is malformed.
std::optional<Packet> take_packet(uint64_t size, uint64_t& at, const ReadAt& read_at,
                                  size_t& reads) {
    ++reads;
    const std::string header = read_at(at, 6);
    if (header.size() < 2 || (static_cast<unsigned char>(header[0]) & 0x80) == 0)
        return std::nullopt;
    const auto first = static_cast<unsigned char>(header[0]);
    Packet packet;
    if ((first & 0x40) == 0) {  // the old form
        packet.tag = (first >> 2) & 15;
        const unsigned octets = 1U << (first & 3);
        if (octets == 8) {  // of indeterminate length
            packet.to_the_end = true;
            packet.length = size - at - 1;
            at = size;
            return packet;
        }
        if (header.size() < 1 + octets) return std::nullopt;
        packet.length = big_endian(std::string_view(header).substr(1, octets));
        at += 1 + octets + packet.length;
        return packet;
    }
    packet.tag = first & 63;
    for (++at; reads < most_reads; ++reads) {
        const std::string length = read_at(at, 5);
        if (length.empty()) return std::nullopt;
        const auto octet = static_cast<unsigned char>(length[0]);
        if (octet >= 224 && octet < 255) {  // a part; another one follows
            packet.length += uint64_t{1} << (octet & 31);
            at += 1 + (uint64_t{1} << (octet & 31));
            if (at > size) return std::nullopt;
            continue;
        }
        const size_t octets = octet < 192 ? 1 : octet < 224 ? 2 : 5;
        if (length.size() < octets) return std::nullopt;
        const std::string_view rest = std::string_view(length).substr(1, octets - 1);
        const uint64_t last = octets == 1   ? octet
                              : octets == 2 ? ((octet - 192U) << 8) + big_endian(rest) + 192
                                            : big_endian(rest);
        packet.length += last;
        at += octets + last;
        return packet;
    }
    return packet;
}

CompletenessVerdict judge_packets(uint64_t size, const ReadAt& read_at) {
    // The smallest content that anybody encrypts as a backup, and what gpg adds to it: prefix,
    // names, checksum.
    constexpr uint64_t smallest = 64 + 52;
    uint64_t at = 0;
    uint64_t data = 0;
    size_t reads = 0;
    bool found = false;
    while (at < size) {
        const auto packet = take_packet(size, at, read_at, reads);
        if (reads >= most_reads)
            return {Completeness::unknown, "openpgp", "too many packets to check"};
        if (!packet || at > size)
            return {Completeness::incomplete, "openpgp",
                    "the file ends within an OpenPGP packet: it is truncated"};
        if (packet->to_the_end)
            return {Completeness::unknown, "openpgp", "its last packet tells no length"};
        found = found || holds_data(packet->tag);
        if (holds_data(packet->tag)) data += packet->length;
    }
    if (!found)
        return {Completeness::incomplete, "openpgp", "no data follows the key: it is truncated"};
    if (data < smallest)
        return {Completeness::incomplete, "openpgp",
                "it holds next to nothing: what was encrypted was empty"};
    return {Completeness::complete, "openpgp", ""};
}

// A short message is decoded, because it may hold nothing.
CompletenessVerdict judge_armour(uint64_t size, const ReadAt& read_at) {
    constexpr uint64_t short_message = 4096;
    const uint64_t from = size > 100 ? size - 100 : 0;
    if (!contains(read_at(from, 100), armour_end))
        return {Completeness::incomplete, "openpgp", "the closing line of the message is missing"};
    if (size > short_message) return {Completeness::complete, "openpgp", ""};
    const std::string text = read_at(0, short_message);
    std::string_view rest = text;
    while (!rest.empty() && !trim_end(take_line(rest)).empty()) {
    }
    std::string body;
    while (!rest.empty()) {
        const std::string_view line = trim_end(take_line(rest));
        if (line.starts_with('=') || line.starts_with('-')) break;
        body += line;
    }
    const auto packets = decode_base64(body);
    if (!packets) return {Completeness::incomplete, "openpgp", "its text is damaged"};
    return judge_packets(packets->size(), [&](uint64_t offset, size_t length) {
        return offset < packets->size() ? packets->substr(offset, length) : std::string();
    });
}

}  // namespace

bool is_openpgp(std::string_view head) {
    if (head.starts_with(armour_begin)) return true;
    if (head.size() < 4) return false;
    const auto first = static_cast<unsigned char>(head[0]);
    if ((first & 0x80) == 0) return false;
    const bool is_new = (first & 0x40) != 0;
    const unsigned tag = is_new ? first & 63 : (first >> 2) & 15;
    if (tag != encrypted_session_key && tag != symmetric_session_key) return false;
    // A session key's packet is short, and its version follows.
    const size_t octets =
        is_new ? (static_cast<unsigned char>(head[1]) < 192 ? 1 : 2) : size_t{1} << (first & 3);
    if (octets > 2 || head.size() < 2 + octets) return false;
    const auto version = static_cast<unsigned char>(head[1 + octets]);
    return tag == encrypted_session_key ? version == 3 || version == 6
                                        : version >= 4 && version <= 6;
}

CompletenessVerdict judge_openpgp(uint64_t size, const ReadAt& read_at) {
    if (read_at(0, armour_begin.size()) == armour_begin) return judge_armour(size, read_at);
    return judge_packets(size, read_at);
}

}  // namespace lastgood
