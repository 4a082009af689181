#include "collectors/kernel_log/source.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "core/bytes.hpp"

namespace lastgood {

namespace {

// The kernel's limit is 8 KiB (CONSOLE_EXT_LOG_MAX); read() into a buffer that is too small fails
// with EINVAL.
constexpr size_t max_record_size = 16 * kib;
constexpr size_t stream_buffer_size = 4 * max_record_size;

}  // namespace

KernelLogSource::KernelLogSource(int fd) : file_(fd) {
    struct stat status {};
    if (fstat(fd, &status) == 0) {
        device_ = S_ISCHR(status.st_mode);
        fifo_ = S_ISFIFO(status.st_mode);
    }
    if (device_) buffer_.resize(max_record_size);
}

bool KernelLogSource::rewind() {
    if (fifo_ || lseek(file_.get(), 0, SEEK_SET) != 0) return false;
    taken_ = 0;
    if (!device_) buffer_.clear();
    return true;
}

void KernelLogSource::wait(Seconds timeout) {
    pollfd descriptor{file_.get(), POLLIN, 0};
    const int milliseconds = timeout <= 0 ? 0 : static_cast<int>(timeout * 1000) + 1;
    // poll() reports end of file at once for a FIFO without a writer; do not wake up for it.
    if (fifo_ && !had_writer_) descriptor.events = POLLIN | POLLPRI;
    poll(&descriptor, 1, milliseconds);
}

Result<KernelLogSource::Status> KernelLogSource::next(KmsgRecord& record) {
    return device_ ? next_of_device(record) : next_of_stream(record);
}

Result<KernelLogSource::Status> KernelLogSource::next_of_device(KmsgRecord& record) {
    // EPIPE: records were overwritten. The next read gives the oldest one that is left; the gap in
    // the sequence numbers is the number of lost records.
    for (int attempts = 0; attempts < 1000; ++attempts) {
        const ssize_t size = read(file_.get(), buffer_.data(), buffer_.size());
        if (size < 0) {
            if (errno == EPIPE || errno == EINTR) continue;
            if (errno == EAGAIN) return Status::none_now;
            return fail(ErrorKind::failed,
                        fmt::format("cannot read the kernel log: {}", errno_text(errno)));
        }
        if (size == 0) return Status::end;
        auto parsed = parse_kmsg_record({buffer_.data(), static_cast<size_t>(size)});
        if (!parsed) continue;
        record = *parsed;
        return Status::record;
    }
    return Status::none_now;
}

// Length of the first complete record in the buffer; 0 if there is none yet. A record ends before a
// line that is not indented, or where no more data comes.
size_t KernelLogSource::complete_record(bool at_end) const {
    size_t from = taken_;
    while (true) {
        const size_t newline = buffer_.find('\n', from);
        if (newline == std::string::npos) return at_end ? buffer_.size() - taken_ : 0;
        if (newline + 1 == buffer_.size()) return at_end ? newline + 1 - taken_ : 0;
        if (buffer_[newline + 1] != ' ') return newline + 1 - taken_;
        from = newline + 1;
    }
}

Result<KernelLogSource::Status> KernelLogSource::next_of_stream(KmsgRecord& record) {
    bool drained = false;
    bool at_end = false;
    while (true) {
        const size_t length = complete_record(drained);
        if (length > 0) {
            const std::string_view text(buffer_.data() + taken_, length);
            taken_ += length;
            auto parsed = parse_kmsg_record(text);
            if (!parsed) continue;
            record = *parsed;
            return Status::record;
        }
        if (drained) return at_end ? Status::end : Status::none_now;
        buffer_.erase(0, taken_);
        taken_ = 0;
        if (buffer_.size() >= stream_buffer_size) buffer_.clear();  // longer than any record
        const size_t before = buffer_.size();
        buffer_.resize(stream_buffer_size);
        const ssize_t size =
            read(file_.get(), buffer_.data() + before, stream_buffer_size - before);
        const int error = errno;
        buffer_.resize(before + (size > 0 ? static_cast<size_t>(size) : 0));
        if (size > 0) {
            had_writer_ = true;
        } else if (size < 0 && error == EINTR) {
            continue;
        } else if (size < 0 && error == EAGAIN) {
            had_writer_ = true;
            drained = true;
        } else if (size < 0) {
            return fail(ErrorKind::failed,
                        fmt::format("cannot read the kernel log: {}", errno_text(error)));
        } else {
            drained = true;
            at_end = !fifo_ || had_writer_;
        }
    }
}

}  // namespace lastgood
