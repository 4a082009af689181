#include "core/directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>

#include "core/files.hpp"

namespace lastgood {

namespace {

constexpr size_t buffer_size = 64 * kib;

FileKind kind_of(uint32_t mode) {
    return S_ISREG(mode)   ? FileKind::regular
           : S_ISDIR(mode) ? FileKind::directory
           : S_ISLNK(mode) ? FileKind::symlink
                           : FileKind::other;
}

Timestamp seconds(const statx_timestamp& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

}  // namespace

DirectoryReader::DirectoryReader(const Host& host, std::string path, Descriptor directory)
    : host_(&host), path_(std::move(path)), directory_(std::move(directory)) {}

Result<DirectoryReader> DirectoryReader::open(const Host& host, const std::string& path,
                                              int extra_flags) {
    const auto opened = host.open(path, O_DIRECTORY | extra_flags);
    if (!opened) return Failure(opened.error());
    return DirectoryReader(host, path, Descriptor(*opened));
}

const char* DirectoryReader::next() {
    if (!buffer_) buffer_.reset(new char[buffer_size]);
    for (;;) {
        if (at_ >= filled_) {
            const ssize_t count = ::getdents64(directory_.get(), buffer_.get(), buffer_size);
            if (count < 0)
                error_ = Error{errno_kind(errno), fmt::format("{}: {}", path_, errno_text(errno))};
            if (count <= 0) return nullptr;
            filled_ = static_cast<size_t>(count);
            at_ = 0;
        }
        const auto* entry = reinterpret_cast<const dirent64*>(buffer_.get() + at_);
        at_ += entry->d_reclen;
        const char* name = entry->d_name;
        if (name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'))) continue;
        kind_.reset();
        if (entry->d_type == DT_REG) kind_ = FileKind::regular;
        if (entry->d_type == DT_DIR) kind_ = FileKind::directory;
        if (entry->d_type == DT_LNK) kind_ = FileKind::symlink;
        return name;
    }
}

Result<FileStatus> DirectoryReader::status(const char* name, LastLink last) const {
    struct statx found;
    constexpr unsigned wanted = STATX_TYPE | STATX_SIZE | STATX_BLOCKS | STATX_MTIME | STATX_CTIME |
                                STATX_BTIME | STATX_INO;
    if (::statx(directory_.get(), name, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, wanted, &found) != 0)
        return fail(errno_kind(errno), fmt::format("{}/{}: {}", path_, name, errno_text(errno)));
    if (S_ISLNK(found.stx_mode) && last == LastLink::follow)
        return host_->status(path_ + "/" + name);
    FileStatus status;
    status.kind = kind_of(found.stx_mode);
    status.size = static_cast<double>(found.stx_size);
    status.allocated = static_cast<double>(found.stx_blocks) * 512;
    status.modified = seconds(found.stx_mtime);
    status.changed = seconds(found.stx_ctime);
    if ((found.stx_mask & STATX_BTIME) != 0) status.created = seconds(found.stx_btime);
    status.device = makedev(found.stx_dev_major, found.stx_dev_minor);
    status.inode = found.stx_ino;
    return status;
}

Result<FileStatus> DirectoryReader::status() const {
    return status("");
}

}  // namespace lastgood
