#include "collectors/kernel_log/parse/reader.hpp"

#include "core/device_name.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

// "ata3.00" → "ata3", "ata3" → "ata3"
std::string_view port_of(std::string_view device) {
    return device.substr(0, device.find('.'));
}

}  // namespace

void KernelLogReader::feed(std::string_view message, const Origin& origin) {
    if (!contains(message, '\n')) return feed_line(message, origin);
    while (!message.empty())
        if (const auto line = trim_start(take_line(message), " "); !line.empty())
            feed_line(line, origin);
}

void KernelLogReader::feed_line(std::string_view line, const Origin& origin) {
    const auto parsed = parse_kernel_message(line);
    if (!parsed) return;
    const KernelEvent& event = *parsed;
    std::string_view device = event.device;
    if (event.layer == KernelLayer::scsi && event.part != KernelEventPart::whole) {
        if (device.empty()) {
            device = last_scsi_device_;
        } else {
            last_scsi_device_ = device;
            device = last_scsi_device_;
        }
    }
    switch (event.part) {
        case KernelEventPart::whole:
            // The block layer reports a request after the SCSI layer has reported its command.
            if (pending_ > 0 && event.layer == KernelLayer::block) {
                if (Command* command = find(KernelLayer::scsi, event.device)) finish(*command);
            }
            if (!without_medium_.empty() && whole_device(event.device) == without_medium_ &&
                (event.layer == KernelLayer::block || event.layer == KernelLayer::buffer))
                return;
            receiver_(event, origin);
            return;
        case KernelEventPart::command:
            if (Command* command = find(event.layer, device)) finish(*command);
            begin(event, origin, device);
            return;
        case KernelEventPart::command_line: {
            Command* command = find(event.layer, device);
            if (command != nullptr && command->has_line) {
                finish(*command);
                command = nullptr;
            }
            if (command == nullptr) {
                begin(event, origin, device);
                command = find(event.layer, device);
            } else {
                refine(*command, event, origin);
            }
            if (command != nullptr) command->has_line = true;
            return;
        }
        case KernelEventPart::detail: {
            Command* command = event.layer == KernelLayer::ata && device.empty()
                                   ? newest(KernelLayer::ata)
                                   : find(event.layer, device);
            if (command != nullptr) refine(*command, event, origin);
            return;
        }
        case KernelEventPart::end:
            finish_port(port_of(device));
            receiver_(event, origin);
            return;
    }
}

void KernelLogReader::begin(const KernelEvent& event, const Origin& origin,
                            std::string_view device) {
    Command* free = nullptr;
    for (Command& command : commands_) {
        if (!command.used) {
            free = &command;
            break;
        }
        if (free == nullptr || command.age < free->age) free = &command;
    }
    if (free->used) finish(*free);
    free->used = true;
    ++pending_;
    free->has_line = false;
    free->age = ++last_age_;
    free->event = event;
    free->device = device;
    free->address = event.address;
    free->operation = event.operation;
    free->text = event.text;
    free->origin_device = origin.device;
    free->time = origin.time;
    free->line = origin.line;
    free->dated = origin.dated;
}

void KernelLogReader::refine(Command& command, const KernelEvent& event, const Origin& origin) {
    command.age = ++last_age_;
    if (!event.operation.empty()) command.operation = event.operation;
    if (event.sector) command.event.sector = event.sector;
    if (event.address.size() > command.address.size()) command.address = event.address;
    if (event.kind != KernelEventKind::io) {
        // The drive's sense key or error register is more precise than the driver's summary, except
        // a refusal (ABRT, Illegal Request): any other reason is more precise than that.
        const bool less_precise =
            event.kind == KernelEventKind::target && command.event.kind != KernelEventKind::io;
        if (!less_precise) {
            command.event.kind = event.kind;
            command.line = origin.line;
        }
        if (!event.text.empty()) command.text = event.text;
    } else if (event.part == KernelEventPart::detail && !event.text.empty()) {
        command.text = event.text;
    }
}

KernelLogReader::Command* KernelLogReader::find(KernelLayer layer, std::string_view device) {
    if (pending_ == 0) return nullptr;
    for (Command& command : commands_) {
        if (command.used && command.event.layer == layer && command.device == device) {
            return &command;
        }
    }
    return nullptr;
}

KernelLogReader::Command* KernelLogReader::newest(KernelLayer layer) {
    Command* found = nullptr;
    for (Command& command : commands_) {
        if (command.used && command.event.layer == layer &&
            (found == nullptr || command.age > found->age)) {
            found = &command;
        }
    }
    return found;
}

void KernelLogReader::finish(Command& command) {
    command.used = false;
    --pending_;
    KernelEvent event = command.event;
    event.part = KernelEventPart::whole;
    event.device = command.device;
    event.address = command.address;
    event.operation = command.operation;
    event.text = command.text;
    // A drive that refuses a plain read or write is at fault, not the command.
    if (event.kind == KernelEventKind::target && event.layer == KernelLayer::ata &&
        (event.operation.starts_with("WRITE FPDMA") || event.operation.starts_with("WRITE DMA") ||
         event.operation.starts_with("READ FPDMA") || event.operation.starts_with("READ DMA"))) {
        event.kind = KernelEventKind::io;
    }
    // Many drives refuse discard and write same; that is harmless.
    if (event.kind == KernelEventKind::target &&
        (event.operation.starts_with("Unmap") || event.operation.starts_with("Write same"))) {
        event.kind = KernelEventKind::unsupported;
    }
    if (event.layer == KernelLayer::scsi) {
        if (event.kind == KernelEventKind::harmless) {
            without_medium_ = command.device;
        } else if (without_medium_ == command.device) {
            without_medium_.clear();
        }
    }
    receiver_(event, {command.time, command.origin_device, command.line, command.dated});
}

void KernelLogReader::finish_port(std::string_view port) {
    if (pending_ == 0) return;
    for (Command& command : commands_) {
        if (command.used && command.event.layer == KernelLayer::ata &&
            port_of(command.device) == port) {
            finish(command);
        }
    }
}

void KernelLogReader::flush() {
    while (pending_ > 0) {
        Command* oldest = nullptr;
        for (Command& command : commands_) {
            if (command.used && (oldest == nullptr || command.age < oldest->age)) oldest = &command;
        }
        if (oldest == nullptr) return;
        finish(*oldest);
    }
}

}  // namespace lastgood
