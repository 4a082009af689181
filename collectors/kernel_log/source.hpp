// Reads kernel log records from /dev/kmsg, or from a file or FIFO of such records. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "collectors/kernel_log/parse/kmsg.hpp"
#include "core/descriptor.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace lastgood {

class KernelLogSource {
  public:
    enum class Status { record, none_now, end };

    // Takes over and closes the descriptor, which must be non-blocking.
    explicit KernelLogSource(int fd);

    // Reads the next record without blocking; its views are valid until the next call. Skips
    // malformed records. `end`: end of the file, or the FIFO's last writer has closed it.
    // Error: failed, if the source cannot be read.
    Result<Status> next(KmsgRecord& record);

    // Goes back to the oldest record that the kernel still has; false if the source cannot.
    bool rewind();

    // Blocks until a record can be read, at most for `timeout`.
    void wait(Seconds timeout);

  private:
    Result<Status> next_of_device(KmsgRecord& record);
    Result<Status> next_of_stream(KmsgRecord& record);
    size_t complete_record(bool at_end) const;

    Descriptor file_;
    bool device_ = false;
    bool fifo_ = false;
    bool had_writer_ = false;
    std::string buffer_;  // of a device: one record; of a stream: the bytes from taken_ are unread
    size_t taken_ = 0;
};

}  // namespace lastgood
