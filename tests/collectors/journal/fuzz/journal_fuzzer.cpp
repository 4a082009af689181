// The input is one entry: its fields, each ended by a NUL byte as no field of these has one.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/journal/event.hpp"
#include "collectors/journal/parse/fields.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    lastgood::JournalFields fields;
    // Most inputs should be believed, so that the parsers are reached.
    for (const char* trusted : {"_UID=0", "_TRANSPORT=syslog", "_COMM=logger"}) fields.add(trusted);
    while (!text.empty()) {
        const std::string_view field = text.substr(0, text.find('\0'));
        fields.add(field);
        text.remove_prefix(field.size() < text.size() ? field.size() + 1 : field.size());
    }
    const auto message = fields.message();
    if (!message) return 0;
    if (message->text.empty() || message->text.find('\n') != message->text.npos) std::abort();
    const lastgood::JournalReport report = lastgood::report_of(*message, 1);
    if (report.events.size() > 2) std::abort();  // a drive and its pool at most
    for (const lastgood::JournalEvent& event : report.events)
        if (event.metric == nullptr || event.labels.size() != 2) std::abort();
    return 0;
}
