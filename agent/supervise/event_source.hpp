// An owning pointer to an event source of sd-event(3); its destructor disables the source.
#pragma once

#include <systemd/sd-event.h>

#include <memory>

namespace lastgood {

struct SourceCloser {
    void operator()(sd_event_source* source) const { sd_event_source_disable_unref(source); }
};
using EventSource = std::unique_ptr<sd_event_source, SourceCloser>;

}  // namespace lastgood
