#include "agent/commands/saved_text.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "collectors/backups/parse/decompressor.hpp"
#include "core/bytes.hpp"

namespace lastgood {

namespace {

Failure failure(const std::string& name, int error) {
    const ErrorKind kind = error == ENOENT                     ? ErrorKind::absent
                           : error == EACCES || error == EPERM ? ErrorKind::denied
                                                               : ErrorKind::failed;
    return fail(kind, fmt::format("cannot read {}: {}", name, errno_text(error)));
}

// The format for make_decompressor(); empty: the text is not packed.
std::string_view format_of(std::string_view text) {
    using namespace std::string_view_literals;
    if (text.starts_with("\x1f\x8b"sv)) return "gzip";
    if (text.starts_with("\xfd"
                         "7zXZ\0"sv))
        return "xz";
    if (text.starts_with("\x28\xb5\x2f\xfd"sv)) return "zstd";
    if (text.starts_with("BZh"sv)) return "bzip2";
    return {};
}

Failure too_large(const std::string& name, std::string_view unpacked, size_t limit) {
    return fail(ErrorKind::failed,
                fmt::format("{} is larger than {} MiB{}: save the part that matters to a file",
                            name, limit / mib, unpacked));
}

}  // namespace

SavedText::SavedText(SavedText&& other) noexcept
    : map_(std::exchange(other.map_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      buffer_(std::move(other.buffer_)),
      damage_(std::move(other.damage_)) {}

SavedText::~SavedText() {
    if (map_ != nullptr) {
        ::munmap(map_, size_);
    }
}

std::string_view SavedText::text() const {
    return map_ != nullptr ? std::string_view(static_cast<const char*>(map_), size_)
                           : std::string_view(buffer_);
}

Result<SavedText> SavedText::open(const std::string& path, size_t limit) {
    const bool standard_input = path == "-";
    const std::string name = standard_input ? "standard input" : path;
    const int fd =
        standard_input ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return failure(name, errno);
    }
    SavedText saved;
    auto read = saved.read(fd, name, limit);
    if (!standard_input) {
        ::close(fd);
    }
    if (read) {
        read = saved.unpack(name, limit);
    }
    if (!read) {
        return Failure(read.error());
    }
    return saved;
}

Result<void> SavedText::unpack(const std::string& name, size_t limit) {
    const std::string_view format = format_of(text());
    const auto decompressor = make_decompressor(format);
    if (decompressor == nullptr) return {};
    std::string unpacked;
    decompressor->copy_to(unpacked, limit);
    constexpr size_t piece = 4 * kib;  // a small one can grow to a hundred MiB
    bool good = true;
    for (std::string_view rest = text(); good && !rest.empty();) {
        good = decompressor->feed(rest.substr(0, piece));
        rest.remove_prefix(std::min(piece, rest.size()));
        if (decompressor->produced() > limit) return too_large(name, " when unpacked", limit);
    }
    if (!good && !decompressor->obstacle().empty()) {
        damage_ = fmt::format("the {} file was not unpacked: {}; unpack it by hand", format,
                              decompressor->obstacle());
    } else if (!good) {
        damage_ = fmt::format("the {} file is damaged behind {} bytes of its content", format,
                              unpacked.size());
    } else if (!decompressor->ended()) {
        damage_ = fmt::format("the {} file is cut off after {} bytes of its content", format,
                              unpacked.size());
    }
    if (!damage_.empty() && unpacked.empty())
        return fail(ErrorKind::malformed, fmt::format("{}: {}", name, damage_));
    if (map_ != nullptr) ::munmap(std::exchange(map_, nullptr), size_);
    buffer_ = std::move(unpacked);
    return {};
}

Result<void> SavedText::read(int fd, const std::string& name, size_t limit) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) {
        return failure(name, errno);
    }
    // Files in /proc report size 0; only a file with a size can be mapped.
    const bool at_start = ::lseek(fd, 0, SEEK_CUR) == 0;
    if (S_ISREG(status.st_mode) && status.st_size > 0 && at_start &&
        static_cast<uint64_t>(status.st_size) <= SIZE_MAX) {
        const auto size = static_cast<size_t>(status.st_size);
        void* map = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (map != MAP_FAILED) {
            ::madvise(map, size, MADV_SEQUENTIAL);
            map_ = map;
            size_ = size;
            return {};
        }
    }
    for (size_t used = 0;;) {
        buffer_.resize(used + (used < (size_t{1} << 20) ? size_t{1} << 16 : used));
        const ssize_t got = ::read(fd, buffer_.data() + used, buffer_.size() - used);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return failure(name, errno);
        }
        used += static_cast<size_t>(got);
        if (got == 0) {
            buffer_.resize(used);
            return {};
        }
        if (used > limit) {
            return too_large(name, "", limit);
        }
    }
}

}  // namespace lastgood
