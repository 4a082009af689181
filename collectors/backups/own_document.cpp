#include "collectors/backups/own_document.hpp"

#include <fmt/format.h>

#include "core/bytes.hpp"
#include "core/json_value.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t largest_document = 16 * mib;

// A name may have characters that are not safe in a file's name.
std::string file_name_of(const std::string& backup) {
    std::string name;
    for (const char c : backup)
        name += is_letter(c) || is_digit(c) || c == '-' || c == '_'
                    ? std::string(1, c)
                    : fmt::format("%{:02x}", static_cast<unsigned char>(c));
    return name.substr(0, 200) + ".json";
}

}  // namespace

OwnDocument::OwnDocument(const Host& host, const std::string& directory,
                         const std::string& backup) {
    if (host.recorded() || directory.empty()) return;
    if (auto opened = open_own_directory(directory); !opened) {
        problem_ = opened.error();
        return;
    }
    const std::string place = directory + "/backups";
    if (auto made = make_own_directory(place, 0700); !made) {
        problem_ = made.error();
        return;
    }
    path_ = place + "/" + file_name_of(backup);
    const auto text = host.read(path_, largest_document);
    if (!text) {
        if (text.error().kind == ErrorKind::absent) return;
        problem_ = text.error();
        if (text.error().kind == ErrorKind::denied) path_.clear();
        return;
    }
    auto read = parse_json(*text);
    if (read.is_object())
        content_ = std::move(read);
    else
        problem_ = {ErrorKind::malformed, fmt::format("{}: is damaged and starts anew", path_)};
}

Result<void> OwnDocument::write(const nlohmann::json& content) const {
    if (path_.empty()) return {};
    // File names need not be UTF-8.
    const std::string text = content.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    if (text.size() > largest_document)
        return fail(ErrorKind::failed, fmt::format("{}: would be too large", path_));
    return write_file(path_, text, Synced::yes, 0600);
}

}  // namespace lastgood
