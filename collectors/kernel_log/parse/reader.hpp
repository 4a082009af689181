// Turns kernel messages into events: joins the messages that report one failed command.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "collectors/kernel_log/parse/event.hpp"
#include "core/time.hpp"

namespace lastgood {

// What one event stands for, and so what lastgood_drive_kernel_errors_total counts:
// - block, buffer, nvme, mmc, md, dm, bcache, filesystem: one event for each message; the kernel
//   prints one for each failed request.
// - ata: one event for each failed command ("failed command: …"; before 2.6.33 the "cmd …" line),
//   with the kind of its result and error lines. A frozen link with 30 queued commands gives 30
//   events. "exception" and "status" lines are not errors. Resets and slow-downs of the link are
//   events of their own.
// - scsi: one event for each "Result:" line (or each "Sense Key" line without one), with the kind
//   of its sense data.
//
// Not thread-safe; calls the receiver from within feed() and flush().
class KernelLogReader {
  public:
    struct Origin {
        Timestamp time = 0;
        std::string_view device;  // DEVICE= of a /dev/kmsg record; empty for saved logs
        // Of a saved log: its line, which outlives the reader; of a command reported in several
        // lines, the one that tells its kind. Empty for a living host.
        std::string_view line = {};
        bool dated = false;  // `time` is from the line
    };
    // The event's and origin's views are valid during the call only.
    using Receiver = std::function<void(const KernelEvent& event, const Origin& origin)>;

    explicit KernelLogReader(Receiver receiver) : receiver_(std::move(receiver)) {}

    // Parses one message (each line of a multi-line one) and reports its events in order. The event
    // of a failed command is reported when the next message shows that its report is complete, at
    // flush(), or when more than 16 devices report at once.
    void feed(std::string_view message, const Origin& origin);

    // Reports all pending commands: no further message is expected soon.
    void flush();

    // True while a command's report may still continue.
    bool pending() const { return pending_ > 0; }

  private:
    struct Command {
        bool used = false;
        bool has_line = false;  // its "cmd" or "Sense Key" line has been seen
        uint64_t age = 0;       // the higher, the newer
        KernelEvent event;
        std::string device, address, operation, text, origin_device;  // what event's views point at
        Timestamp time = 0;
        std::string_view line;
        bool dated = false;
    };

    void feed_line(std::string_view line, const Origin& origin);
    void begin(const KernelEvent& event, const Origin& origin, std::string_view device);
    void refine(Command& command, const KernelEvent& event, const Origin& origin);
    Command* find(KernelLayer layer, std::string_view device);
    Command* newest(KernelLayer layer);
    void finish(Command& command);
    void finish_port(std::string_view port);

    Receiver receiver_;
    std::array<Command, 16> commands_{};  // one for each device in the middle of a report
    size_t pending_ = 0;
    uint64_t last_age_ = 0;
    std::string last_scsi_device_;
    // A drive without a medium: its failed requests are no errors. Empty: none.
    std::string without_medium_;
};

}  // namespace lastgood
