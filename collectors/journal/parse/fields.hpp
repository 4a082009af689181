// Decides which entries of systemd's journal are believed, and takes the message out of them. Pure.
// Source: systemd.journal-fields(7), systemd 247 to 257.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace lastgood {

// A message of a program that is believed.
struct JournalMessage {
    std::string_view program;  // "smartd", "mdadm", "mdmonitor" or "zed"
    std::string_view text;     // its first line, without control characters at its ends
};

// The programs whose messages are read: values of SYSLOG_IDENTIFIER.
inline constexpr std::array<std::string_view, 4> journal_programs = {"smartd", "mdadm", "mdmonitor",
                                                                     "zed"};

class JournalFields {
  public:
    // The fields to add; all others are ignored.
    static constexpr std::array<const char*, 5> names = {"SYSLOG_IDENTIFIER", "_UID", "_TRANSPORT",
                                                         "_COMM", "MESSAGE"};

    // Adds a field as the journal gives it, "NAME=value" with any bytes. Of a repeated field the
    // first value counts.
    void add(std::string_view data);

    // nullopt: not of these programs, or not to be believed. Every user may write an entry that
    // calls itself smartd, but only journald writes the fields that begin with '_': the process
    // must have been root's and one that these programs use. The kernel's own messages and those
    // that journald takes from the audit log are not believed here.
    std::optional<JournalMessage> message() const;

  private:
    std::array<std::optional<std::string>, names.size()> values_;
};

}  // namespace lastgood
