#include "collectors/journal/parse/fields.hpp"

#include <doctest/doctest.h>

#include <initializer_list>

using namespace lastgood;

namespace {

constexpr const char* pending =
    "MESSAGE=Device: /dev/sdq [SAT], 8 Currently unreadable (pending) sectors";

JournalFields entry(std::initializer_list<std::string_view> fields) {
    JournalFields made;
    for (const std::string_view field : fields) made.add(field);
    return made;
}

bool is_believed(std::initializer_list<std::string_view> fields) {
    return entry(fields).message().has_value();
}

}  // namespace

TEST_CASE("a message of one of the programs, written by a process of root") {
    const JournalFields fields = entry({"_TRANSPORT=syslog", "_UID=0", "_COMM=smartd",
                                        "SYSLOG_IDENTIFIER=smartd", "PRIORITY=2", pending});
    const auto message = fields.message();
    REQUIRE(message);
    CHECK(message->program == "smartd");
    CHECK(message->text == "Device: /dev/sdq [SAT], 8 Currently unreadable (pending) sectors");
    // zed's script calls logger, which may have ended before journald asks for its name.
    CHECK(is_believed({"_TRANSPORT=syslog", "_UID=0", "_COMM=logger", "SYSLOG_IDENTIFIER=zed",
                       "MESSAGE=eid=1 class=io"}));
    CHECK(is_believed(
        {"_TRANSPORT=syslog", "_UID=0", "SYSLOG_IDENTIFIER=zed", "MESSAGE=eid=1 class=io"}));
}

TEST_CASE("a message that anybody may have written is not believed") {
    // logger -t smartd, by a user
    CHECK_FALSE(is_believed(
        {"_TRANSPORT=syslog", "_UID=1000", "_COMM=logger", "SYSLOG_IDENTIFIER=smartd", pending}));
    // A field without '_' is the client's own word.
    CHECK_FALSE(is_believed({"_TRANSPORT=journal", "UID=0", "SYSLOG_IDENTIFIER=smartd", pending}));
    CHECK_FALSE(
        is_believed({"_TRANSPORT=journal", "_UID=00", "SYSLOG_IDENTIFIER=smartd", pending}));
    // A container's output under the name of the container: docker, podman
    for (const char* process : {"_COMM=dockerd", "_COMM=conmon", "_COMM=sudo", "_COMM="})
        CHECK_FALSE(is_believed(
            {"_TRANSPORT=journal", "_UID=0", process, "SYSLOG_IDENTIFIER=smartd", pending}));
    // Written to /dev/kmsg, or taken from the audit log
    for (const char* transport : {"_TRANSPORT=kernel", "_TRANSPORT=audit", "TRANSPORT=syslog"})
        CHECK_FALSE(is_believed({transport, "_UID=0", "SYSLOG_IDENTIFIER=smartd", pending}));
    for (const char* program : {"SYSLOG_IDENTIFIER=sshd", "SYSLOG_IDENTIFIER=smartd ",
                                "SYSLOG_IDENTIFIER=", "SYSLOG_IDENTIFIE"})
        CHECK_FALSE(is_believed({"_TRANSPORT=syslog", "_UID=0", program, pending}));
}

TEST_CASE("the first value of a repeated field counts, and any bytes are harmless") {
    CHECK_FALSE(is_believed(
        {"_TRANSPORT=syslog", "_UID=1000", "_UID=0", "SYSLOG_IDENTIFIER=smartd", pending}));
    const auto text_of = [](std::string_view message) {
        const JournalFields fields =
            entry({"_TRANSPORT=syslog", "_UID=0", "SYSLOG_IDENTIFIER=mdadm", message});
        const auto found = fields.message();
        return found ? std::string(found->text) : "none";
    };
    CHECK(text_of("MESSAGE=\r\n a\nb") == " a");
    CHECK(text_of({"MESSAGE=a\0b\xff\n", 12}) == std::string("a\0b\xff", 4));
    CHECK(text_of("MESSAGE=") == "none");
    CHECK(text_of("MESSAGE=\n\n") == "none");
    CHECK(text_of("MESSAGE") == "none");
    CHECK(text_of("MESSAGE=" + std::string(100'000, 'x')).size() == 4096);
}
