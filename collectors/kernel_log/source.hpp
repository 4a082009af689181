// Reads /dev/kmsg, or a file or FIFO of such records, record by record.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "collectors/kernel_log/parse/kmsg.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace lastgood {

class KernelLogSource {
  public:
    enum class Status { record, none_now, end };

    // Takes over the descriptor (non-blocking).
    explicit KernelLogSource(int fd);
    ~KernelLogSource();
    KernelLogSource(const KernelLogSource&) = delete;
    KernelLogSource& operator=(const KernelLogSource&) = delete;

    // The next record; valid until the next call. A record that makes no sense is passed over.
    // `end`: a file's end, or the last writer has closed the FIFO.
    Result<Status> next(KmsgRecord& record);

    // Back to the oldest record; false where that cannot be done.
    bool rewind();

    // Until there is something to read, at most so long.
    void wait(Seconds timeout);

  private:
    Result<Status> next_of_device(KmsgRecord& record);
    Result<Status> next_of_stream(KmsgRecord& record);
    size_t complete_record(bool all_is_here) const;

    int fd_;
    bool device_ = false;
    bool fifo_ = false;
    bool had_writer_ = false;
    std::string buffer_;  // device: the record; stream: what is read and not yet taken
    size_t taken_ = 0;    // of a stream's buffer
};

}  // namespace lastgood
