// systemd's messages about a unit, in the journal.
#include <fmt/core.h>
#include <systemd/sd-journal.h>

#include <algorithm>
#include <cstdint>

#include "collectors/backups/unit.hpp"
#include "collectors/journal_files.hpp"

namespace lastgood {

namespace {

constexpr size_t most_messages = 1000;

std::string field_of(sd_journal* journal, const char* name) {
    const void* data = nullptr;
    size_t size = 0;
    if (sd_journal_get_data(journal, name, &data, &size) < 0) return {};
    const std::string_view text(static_cast<const char*>(data), size);
    const size_t equals = text.find('=');
    return equals == text.npos ? std::string() : std::string(text.substr(equals + 1));
}

// Fields that begin with "_" are written by journald itself.
Result<void> add_matches(sd_journal* journal, const std::string& unit) {
    std::vector<std::string> matches{"_PID=1", "_UID=0", "UNIT=" + unit};
    for (const std::string_view id : unit_message::all)
        matches.push_back(fmt::format("MESSAGE_ID={}", id));
    for (const std::string& match : matches)
        if (const int error = sd_journal_add_match(journal, match.data(), match.size()); error < 0)
            return cannot_read_journal(error);
    return {};
}

UnitMessage read_message(const Host& host, sd_journal* journal) {
    UnitMessage message;
    const auto field = [&](const char* name) { return field_of(journal, name); };
    message.id = field("MESSAGE_ID");
    message.invocation = field("INVOCATION_ID");
    message.job_type = field("JOB_TYPE");
    message.job_result = field("JOB_RESULT");
    message.unit_result = field("UNIT_RESULT");
    message.exit_code = field("EXIT_CODE");
    message.exit_status = field("EXIT_STATUS");
    uint64_t microseconds = 0;
    if (sd_journal_get_realtime_usec(journal, &microseconds) >= 0)
        message.time = std::min(static_cast<double>(microseconds) * 1e-6, host.now());
    return message;
}

}  // namespace

Result<std::vector<UnitMessage>> read_unit_messages(const Host& host, const std::string& directory,
                                                    const std::string& unit,
                                                    const std::string& known_invocation) {
    std::vector<UnitMessage> messages;
    const auto journal = open_journal(host, directory);
    if (!journal) return Failure(journal.error());
    if (!*journal) return messages;
    if (const auto added = add_matches(journal->get(), unit); !added) return Failure(added.error());
    if (const int error = sd_journal_seek_tail(journal->get()); error < 0)
        return cannot_read_journal(error);
    while (messages.size() < most_messages) {
        const int found = sd_journal_previous(journal->get());
        if (found < 0) return cannot_read_journal(found);
        if (found == 0) break;
        UnitMessage message = read_message(host, journal->get());
        if (!known_invocation.empty() && message.invocation == known_invocation) break;
        messages.push_back(std::move(message));
    }
    std::ranges::reverse(messages);
    return messages;
}

}  // namespace lastgood
