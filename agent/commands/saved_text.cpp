#include "agent/commands/saved_text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

namespace lastgood {

namespace {

constexpr size_t limit = size_t{1} << 30;

Failure failure(const std::string& name, int error) {
    const ErrorKind kind = error == ENOENT                     ? ErrorKind::absent
                           : error == EACCES || error == EPERM ? ErrorKind::denied
                                                               : ErrorKind::failed;
    return fail(kind, fmt::format("cannot read {}: {}", name, errno_text(error)));
}

}  // namespace

SavedText::SavedText(SavedText&& other) noexcept
    : map_(std::exchange(other.map_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      buffer_(std::move(other.buffer_)) {}

SavedText::~SavedText() {
    if (map_ != nullptr) {
        ::munmap(map_, size_);
    }
}

std::string_view SavedText::text() const {
    return map_ != nullptr ? std::string_view(static_cast<const char*>(map_), size_)
                           : std::string_view(buffer_);
}

Result<SavedText> SavedText::open(const std::string& path) {
    const bool standard_input = path == "-";
    const std::string name = standard_input ? "standard input" : path;
    const int fd =
        standard_input ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return failure(name, errno);
    }
    SavedText saved;
    const auto read = saved.read(fd, name);
    if (!standard_input) {
        ::close(fd);
    }
    if (!read) {
        return Failure(read.error());
    }
    return saved;
}

Result<void> SavedText::read(int fd, const std::string& name) {
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
            return fail(ErrorKind::failed,
                        fmt::format("{} is larger than 1 GiB: save it to a file", name));
        }
    }
}

}  // namespace lastgood
