#include "collectors/data/size.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/statvfs.h>

#include <cstdint>
#include <optional>
#include <set>

#include "core/directory.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

std::optional<double> used_of_filesystem(const Host& host, const Piece& piece) {
    if (host.recorded() || piece.place.mount->point != piece.place.path || !piece.without.empty())
        return std::nullopt;
    const auto opened = host.open(piece.place.path, O_DIRECTORY);
    if (!opened) return std::nullopt;
    const Descriptor directory(*opened);
    struct statvfs found {};
    if (::fstatvfs(directory.get(), &found) != 0 || found.f_blocks == 0) return std::nullopt;
    return static_cast<double>(found.f_frsize) *
           static_cast<double>(found.f_blocks - found.f_bfree);
}

// Counts directory by directory, so that the deepest tree needs no stack.
class Counting {
  public:
    Counting(const LocalFiles& files, const Piece& piece, SizeBudget& budget)
        : host_(files.host()),
          piece_(piece),
          budget_(budget),
          begin_(host_.monotonic()),
          others_(files.mount_points_below(piece.place.path)) {}

    DataSize run() {
        const auto status = host_.status(piece_.place.path);
        if (!status) return {0, false};
        device_ = status->device;
        count(*status, piece_.place.path);
        while (!waiting_.empty() && !is_used_up()) {
            const std::string path = std::move(waiting_.back());
            waiting_.pop_back();
            read(path);
        }
        size_.complete = size_.complete && waiting_.empty();
        budget_.seconds -= host_.monotonic() - begin_;
        return size_;
    }

  private:
    bool is_used_up() const {
        return budget_.names == 0 || host_.monotonic() - begin_ > budget_.seconds;
    }

    void count(const FileStatus& status, const std::string& path) {
        if (status.device != device_ || contains(piece_.without, path)) return;
        if (status.kind == FileKind::directory) waiting_.push_back(path);
        if (status.kind == FileKind::regular || !host_.recorded())
            size_.bytes += host_.recorded() ? status.size : status.allocated;
    }

    void read(const std::string& path) {
        auto reader = DirectoryReader::open(host_, path, O_NOFOLLOW);
        if (!reader) {
            size_.complete = false;
            return;
        }
        while (const char* name = reader->next()) {
            if (is_used_up()) {
                size_.complete = false;
                return;
            }
            --budget_.names;
            const std::string inner = fmt::format("{}/{}", path == "/" ? "" : path, name);
            if (others_.contains(inner)) continue;
            const auto status = reader->kind() && reader->kind() != FileKind::symlink
                                    ? reader->status(name)
                                    : host_.status(inner, false);
            if (status) count(*status, inner);
        }
        if (reader->error()) size_.complete = false;
    }

    const Host& host_;
    const Piece& piece_;
    SizeBudget& budget_;
    Seconds begin_;
    uint64_t device_ = 0;
    std::set<std::string, std::less<>> others_;  // mount points: a dead server may be behind one
    std::vector<std::string> waiting_;
    DataSize size_;
};

}  // namespace

DataSize size_of(const LocalFiles& files, const Piece& piece, SizeBudget& budget) {
    if (piece.device) {
        const auto sectors = files.host().read_number(
            fmt::format("/sys/class/block/{}/size", last_component(piece.device->source)));
        return {sectors ? *sectors * 512 : 0, sectors.has_value()};
    }
    if (const auto used = used_of_filesystem(files.host(), piece)) return {*used, true};
    return Counting(files, piece, budget).run();
}

}  // namespace lastgood
