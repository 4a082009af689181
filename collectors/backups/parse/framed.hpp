// Walks files that are made of frames or packets with lengths, to their exact end. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "collectors/backups/parse/completeness.hpp"

namespace lastgood {

// lz4 (lz4_Frame_format.md 1.6.2, also the legacy frame of `lz4 -l`): block by block. A frame
// without a block is incomplete: it holds nothing.
bool is_lz4(std::string_view head);
CompletenessVerdict judge_lz4(uint64_t size, const ReadAt& read_at);

// OpenPGP (RFC 4880, RFC 9580), as gpg and others write it with or without armour: packet by
// packet, without a key. Encrypted data of a few bytes is incomplete: what was to be encrypted was
// empty.
bool is_openpgp(std::string_view head);
CompletenessVerdict judge_openpgp(uint64_t size, const ReadAt& read_at);

// pg_dump's custom format (pg_backup_custom.c and pg_backup_archiver.c, archive versions 1.12 to
// 1.16): each piece of data that the table of contents announces must be there, and the file must
// end behind the last one. Unknown for other versions.
CompletenessVerdict judge_pg_custom(uint64_t size, const ReadAt& read_at);

}  // namespace lastgood
