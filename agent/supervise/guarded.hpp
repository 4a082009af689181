// Calls from sd-event(3), which is written in C: an exception must not pass through it.
#pragma once

#include <systemd/sd-event.h>

namespace lastgood {

// The exit status after an unexpected error. Whoever started the agent should start it again.
inline constexpr int unexpected_error = 3;

// Logs the exception being handled, in one line, and ends the loop with the status
// unexpected_error: the memory may be inconsistent, the saved state is not.
void end_after_exception(sd_event* event) noexcept;

// Runs `body`; the result is for sd-event.
template <typename Body>
int guarded(sd_event_source* source, const Body& body) noexcept {
    sd_event* const event = sd_event_source_get_event(source);  // `body` may destroy the source
    try {
        body();
    } catch (...) {
        end_after_exception(event);
    }
    return 0;
}

}  // namespace lastgood
