// SQLite files: an application's database that no directory tells of.
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "collectors/data/find.hpp"
#include "collectors/data/parse/sqlite_header.hpp"
#include "core/bytes.hpp"
#include "core/descriptor.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr double smallest = 1.0 * mib;
constexpr int depth = 2;  // /var/lib/APPLICATION/data/FILE
constexpr size_t most_names = 20'000;
constexpr size_t most_files = 100;

// Directories of packages and caches: lastgood's own is made anew, the others hold nothing of the
// user's.
constexpr std::array<std::string_view, 9> passed_over = {
    "/var/lib/lastgood", "/var/lib/dpkg",       "/var/lib/apt",
    "/var/lib/docker",   "/var/lib/containers", "/var/lib/containerd",
    "/var/lib/snapd",    "/var/lib/PackageKit", "/var/lib/fwupd"};

bool has_name_of_one(std::string_view name) {
    return name.ends_with(".db") || name.ends_with(".sqlite") || name.ends_with(".sqlite3");
}

std::string beginning_of(const Host& host, const std::string& path) {
    const auto opened = host.open(path, O_NOFOLLOW);
    if (!opened) return {};
    const Descriptor file(*opened);
    std::string text(sqlite_header_size, '\0');
    const ssize_t count = ::read(file.get(), text.data(), text.size());
    text.resize(static_cast<size_t>(std::max<ssize_t>(count, 0)));
    return text;
}

class Search {
  public:
    Search(const LocalFiles& files, std::vector<Piece>& pieces) : files_(files), pieces_(pieces) {}

    void below(const std::string& path, int levels) {
        const auto place = files_.find(path);
        if (!place || contains(passed_over, place->path) || is_known(place->path)) return;
        for (const std::string& name : files_.names(*place)) {
            if (++names_ > most_names || found_ >= most_files) return;
            const std::string inner = fmt::format("{}/{}", place->path, name);
            const auto status = files_.status(inner);
            if (!status) continue;
            if (status->kind == FileKind::directory && levels > 0) below(inner, levels - 1);
            if (status->kind == FileKind::regular && has_name_of_one(name) &&
                status->size >= smallest)
                look_at(inner);
        }
    }

  private:
    // What is part of a piece that has a name of its own.
    bool is_known(const std::string& path) const {
        return std::ranges::any_of(pieces_, [&](const Piece& piece) {
            return piece.is_database && piece.place.path == path;
        });
    }

    void look_at(const std::string& path) {
        const auto place = files_.find(path);
        if (!place || !sqlite_size(beginning_of(files_.host(), path))) return;
        ++found_;
        add_piece(pieces_, {.kind = "sqlite", .title = "SQLite database", .place = *place});
    }

    const LocalFiles& files_;
    std::vector<Piece>& pieces_;
    size_t names_ = 0, found_ = 0;
};

}  // namespace

void find_sqlite(const LocalFiles& files, std::vector<Piece>& pieces) {
    Search search(files, pieces);
    for (const char* directory : {"/var/lib", "/srv"}) search.below(directory, depth);
}

}  // namespace lastgood
