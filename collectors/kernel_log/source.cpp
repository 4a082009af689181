#include "collectors/kernel_log/source.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace lastgood {

namespace {

// The kernel's own limit is 8 KiB (CONSOLE_EXT_LOG_MAX); a smaller buffer is refused with EINVAL.
constexpr size_t longest_record = 16 * 1024;
constexpr size_t stream_buffer = 4 * longest_record;

}  // namespace

KernelLogSource::KernelLogSource(int fd) : fd_(fd) {
    struct stat status {};
    if (fstat(fd, &status) == 0) {
        device_ = S_ISCHR(status.st_mode);
        fifo_ = S_ISFIFO(status.st_mode);
    }
    if (device_) buffer_.resize(longest_record);
}

KernelLogSource::~KernelLogSource() {
    close(fd_);
}

bool KernelLogSource::rewind() {
    if (fifo_ || lseek(fd_, 0, SEEK_SET) != 0) return false;
    taken_ = 0;
    if (!device_) buffer_.clear();
    return true;
}

void KernelLogSource::wait(Seconds timeout) {
    pollfd descriptor{fd_, POLLIN, 0};
    const int milliseconds = timeout <= 0 ? 0 : static_cast<int>(timeout * 1000) + 1;
    // A FIFO that nobody has opened for writing is at its end and not worth waking up for.
    if (fifo_ && !had_writer_) descriptor.events = POLLIN | POLLPRI;
    poll(&descriptor, 1, milliseconds);
}

Result<KernelLogSource::Status> KernelLogSource::next(KmsgRecord& record) {
    return device_ ? next_of_device(record) : next_of_stream(record);
}

Result<KernelLogSource::Status> KernelLogSource::next_of_device(KmsgRecord& record) {
    // EPIPE: records were overwritten; the next read gives the oldest that is left, and its
    // sequence number tells how many.
    for (int attempts = 0; attempts < 1000; ++attempts) {
        const ssize_t size = read(fd_, buffer_.data(), buffer_.size());
        if (size < 0) {
            if (errno == EPIPE || errno == EINTR) continue;
            if (errno == EAGAIN) return Status::none_now;
            return fail(ErrorKind::failed,
                        fmt::format("the kernel log cannot be read: {}", strerror(errno)));
        }
        if (size == 0) return Status::end;
        auto parsed = parse_kmsg_record({buffer_.data(), static_cast<size_t>(size)});
        if (!parsed) continue;
        record = *parsed;
        return Status::record;
    }
    return Status::none_now;
}

// Length of the first complete record in the buffer: it ends where a line begins that is not
// indented.
size_t KernelLogSource::complete_record(bool all_is_here) const {
    size_t from = taken_;
    while (true) {
        const size_t newline = buffer_.find('\n', from);
        if (newline == std::string::npos) return all_is_here ? buffer_.size() - taken_ : 0;
        if (newline + 1 == buffer_.size()) return all_is_here ? newline + 1 - taken_ : 0;
        if (buffer_[newline + 1] != ' ') return newline + 1 - taken_;
        from = newline + 1;
    }
}

Result<KernelLogSource::Status> KernelLogSource::next_of_stream(KmsgRecord& record) {
    bool all_is_here = false;
    bool at_end = false;
    while (true) {
        const size_t length = complete_record(all_is_here);
        if (length > 0) {
            const std::string_view text(buffer_.data() + taken_, length);
            taken_ += length;
            auto parsed = parse_kmsg_record(text);
            if (!parsed) continue;
            record = *parsed;
            return Status::record;
        }
        if (all_is_here) return at_end ? Status::end : Status::none_now;
        buffer_.erase(0, taken_);
        taken_ = 0;
        if (buffer_.size() >= stream_buffer) buffer_.clear();  // no record is so long
        const size_t before = buffer_.size();
        buffer_.resize(stream_buffer);
        const ssize_t size = read(fd_, buffer_.data() + before, stream_buffer - before);
        const int error = errno;
        buffer_.resize(before + (size > 0 ? static_cast<size_t>(size) : 0));
        if (size > 0) {
            had_writer_ = true;
        } else if (size < 0 && error == EINTR) {
            continue;
        } else if (size < 0 && error == EAGAIN) {
            had_writer_ = true;
            all_is_here = true;
        } else if (size < 0) {
            return fail(ErrorKind::failed,
                        fmt::format("the kernel log cannot be read: {}", strerror(error)));
        } else {
            all_is_here = true;
            at_end = !fifo_ || had_writer_;
        }
    }
}

}  // namespace lastgood
