#include "collectors/backups/parse/proxmox_manifest.hpp"

#include <zlib.h>

#include <cstdint>
#include <nlohmann/json.hpp>

#include "collectors/backups/parse/decompressor.hpp"
#include "collectors/backups/parse/record_time.hpp"
#include "core/bytes.hpp"
#include "core/json_value.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

using Json = nlohmann::json;

// The first 8 bytes of the SHA-256 of "Proxmox Backup uncompressed blob v1.0" and of
// "Proxmox Backup zstd compressed blob v1.0".
constexpr std::string_view plain_magic("\x42\xab\x38\x07\xbe\x83\x70\xa1", 8);
constexpr std::string_view packed_magic("\x31\xb9\x58\x42\x6f\xb6\xa3\x7f", 8);
constexpr size_t header_length = 12;  // and the CRC-32 of the data, little endian
constexpr size_t largest_manifest = 16 * mib;

uint32_t little_endian(std::string_view bytes) {
    uint32_t value = 0;
    for (size_t i = bytes.size(); i > 0; --i)
        value = value << 8 | static_cast<unsigned char>(bytes[i - 1]);
    return value;
}

Result<std::string> unpack(std::string_view blob) {
    const bool is_packed = blob.starts_with(packed_magic);
    if (blob.size() < header_length || (!is_packed && !blob.starts_with(plain_magic)))
        return fail(ErrorKind::malformed, "it is no blob of Proxmox Backup");
    const std::string_view data = blob.substr(header_length);
    const auto checksum = crc32(0, reinterpret_cast<const Bytef*>(data.data()),
                                static_cast<uInt>(std::min(data.size(), largest_manifest)));
    if (data.size() > largest_manifest ||
        checksum != little_endian(blob.substr(plain_magic.size(), 4)))
        return fail(ErrorKind::malformed, "its checksum is wrong: it is cut off or damaged");
    if (!is_packed) return std::string(data);
    const auto decompressor = make_decompressor("zstd");
    std::string text;
    if (decompressor == nullptr) return fail(ErrorKind::failed, "it cannot be unpacked");
    decompressor->copy_to(text, largest_manifest);
    if (!decompressor->feed(data) || !decompressor->ended())
        return fail(ErrorKind::malformed, "it cannot be unpacked");
    return text;
}

const Json* find(const Json& object, const char* key) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(key);
    return found == object.end() ? nullptr : &*found;
}

}  // namespace

Result<ProxmoxManifest> parse_proxmox_manifest(std::string_view blob) {
    const auto text = unpack(blob);
    if (!text) return Failure(text.error());
    const Json document = parse_json(*text);
    const Json* files = find(document, "files");
    if (files == nullptr || !files->is_array())
        return fail(ErrorKind::malformed, "it lists no files");
    ProxmoxManifest manifest;
    for (const Json& file : *files) {
        const Json* name = find(file, "filename");
        if (name == nullptr || !name->is_string()) continue;
        const auto& text_of_name = name->get_ref<const std::string&>();
        if (text_of_name.empty() || contains(text_of_name, '/')) continue;
        manifest.files.push_back(text_of_name);
        const Json* size = find(file, "size");
        if (size != nullptr && size->is_number() && size->get<double>() > 0)
            manifest.size += size->get<double>();
    }
    if (const Json* unprotected = find(document, "unprotected"))
        if (const Json* verified = find(*unprotected, "verify_state"))
            if (const Json* state = find(*verified, "state"))
                manifest.verify_failed = state->is_string() && *state == "failed";
    return manifest;
}

std::optional<Timestamp> parse_proxmox_snapshot_name(std::string_view name) {
    constexpr size_t length = 20;
    if (name.size() != length || name[10] != 'T' || name.back() != 'Z') return std::nullopt;
    return parse_record_time(name);
}

}  // namespace lastgood
