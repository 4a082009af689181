#include "collectors/backups/own_document.hpp"

#include <fmt/core.h>

#include <cerrno>
#include <cstdio>

#include "core/bytes.hpp"
#include "core/json_value.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t largest_document = 16 * mib;
constexpr const char* kept_suffix = ".before";

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

Result<nlohmann::json> OwnDocument::read(const Host& host, const std::string& path) const {
    const auto text = host.read(path, largest_document);
    if (!text) return Failure(text.error());
    auto read = parse_json(*text);
    if (!read.is_object()) return fail(ErrorKind::malformed, fmt::format("{}: is damaged", path));
    return read;
}

OwnDocument::OwnDocument(const Host& host, const std::string& directory, const std::string& backup,
                         Previous previous)
    : previous_(previous) {
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
    auto newest = read(host, path_);
    whole_ = newest.has_value();
    if (newest) {
        content_ = std::move(*newest);
        needs_write_ = previous_ == Previous::kept && !host.exists(path_ + kept_suffix);
        return;
    }
    const Error& error = newest.error();
    auto kept = previous_ == Previous::kept ? read(host, path_ + kept_suffix)
                                            : Result<nlohmann::json>(fail(ErrorKind::absent, ""));
    if (kept) content_ = std::move(*kept);
    needs_write_ = kept.has_value();
    if (error.kind == ErrorKind::absent && (kept || kept.error().kind == ErrorKind::absent)) return;
    needs_write_ = true;
    lost_ = !kept && error.kind != ErrorKind::denied;
    problem_ = {error.kind,
                fmt::format("{} and {}", error.message,
                            kept ? "the one before its last change is used" : "starts anew")};
    if (error.kind == ErrorKind::denied) path_.clear();
}

Result<void> OwnDocument::write(const nlohmann::json& content) {
    if (path_.empty()) return {};
    // File names need not be UTF-8.
    const std::string text = content.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    if (text.size() > largest_document)
        return fail(ErrorKind::failed, fmt::format("{}: would be too large", path_));
    // One of the two is whole at each moment.
    if (previous_ == Previous::kept && whole_ &&
        ::rename(path_.c_str(), (path_ + kept_suffix).c_str()) != 0)
        return fail(ErrorKind::failed, fmt::format("cannot keep {}: {}", path_, errno_text(errno)));
    auto written = write_file(path_, text, Synced::yes, 0600);
    whole_ = written.has_value();
    return written;
}

}  // namespace lastgood
