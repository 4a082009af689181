// From messages to events: puts the lines together that report one failed command.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "collectors/kernel_log/parse/event.hpp"
#include "core/time.hpp"

namespace lastgood {

// Counting (what `lastgood_drive_kernel_errors_total` means):
// - block, buffer, nvme, mmc, md, dm, filesystem: one event for each message, which is one for each
// failed request.
// - ata: one for each failed command ("failed command: …"; before 2.6.33 the "cmd …" line), with
// the kind of its result
//   and error lines. A frozen link with 30 queued commands gives 30: each of them failed. The
//   "exception" line above them and the "status" lines count nothing. Resets and slow-downs of the
//   link count by themselves.
// - scsi: one for each "Result:" (or, where that line is missing, each "Sense Key"), with the kind
// of its sense data.
class KernelLogReader {
  public:
    struct Origin {
        Timestamp time = 0;
        std::string_view device;  // DEVICE= of a /dev/kmsg record
    };
    using Receiver = std::function<void(const KernelEvent& event, const Origin& origin)>;

    explicit KernelLogReader(Receiver receiver) : receiver_(std::move(receiver)) {}

    // One message; one that holds newlines is taken line by line. Events are given to the receiver
    // in order, a failed command when its report is complete.
    void take(std::string_view message, const Origin& origin);

    // Completes what is unfinished: nothing more comes for now.
    void flush();

    bool unfinished() const { return unfinished_ > 0; }

  private:
    struct Command {
        bool used = false;
        bool has_line = false;  // its "cmd" or "Sense Key" line has been seen
        uint64_t age = 0;
        KernelEvent event;
        std::string device, address, operation, text, origin_device;
        Timestamp time = 0;
    };

    void take_line(std::string_view line, const Origin& origin);
    void begin(const KernelEvent& event, const Origin& origin, std::string_view device);
    void refine(Command& command, const KernelEvent& event);
    Command* find(KernelLayer layer, std::string_view device);
    Command* newest(KernelLayer layer);
    void finish(Command& command);
    void finish_port(std::string_view port);

    Receiver receiver_;
    std::array<Command, 16> commands_{};  // one for each device that is in the middle of a report
    size_t unfinished_ = 0;
    uint64_t clock_ = 0;
    std::string last_scsi_device_;
};

}  // namespace lastgood
