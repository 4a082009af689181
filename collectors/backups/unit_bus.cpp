// The properties of a unit, over D-Bus (sd-bus(3)).
#include <fmt/core.h>
#include <systemd/sd-bus.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>

#include "collectors/backups/unit.hpp"
#include "core/clock.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

using nlohmann::json;

constexpr uint64_t deadline = 5'000'000;  // microseconds
constexpr Seconds pause_of_silence = 60;
constexpr const char* no_answer = "it does not answer";

// systemd's own socket, for hosts without a message bus.
constexpr const char* private_socket = "unix:path=/run/systemd/private";

struct CloseBus {
    void operator()(sd_bus* bus) const { sd_bus_close_unref(bus); }
};
struct CloseMessage {
    void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using Bus = std::unique_ptr<sd_bus, CloseBus>;
using Message = std::unique_ptr<sd_bus_message, CloseMessage>;

int open_private(Bus& bus) {
    sd_bus* made = nullptr;
    int error = sd_bus_new(&made);
    bus.reset(made);
    if (error >= 0) error = sd_bus_set_address(made, private_socket);
    return error >= 0 ? sd_bus_start(made) : error;
}

// sd-bus waits 90 s for a bus that accepts and says nothing.
int wait_until_ready(sd_bus* bus) {
    const Seconds until = monotonic_clock() + static_cast<double>(deadline) * 1e-6;
    for (;;) {
        int error = sd_bus_is_ready(bus);
        if (error != 0) return error;
        const Seconds left = until - monotonic_clock();
        if (left <= 0) return -ETIMEDOUT;
        error = sd_bus_process(bus, nullptr);
        if (error == 0) error = sd_bus_wait(bus, static_cast<uint64_t>(left * 1e6));
        if (error < 0) return error;
    }
}

int open_bus(Bus& bus) {
    sd_bus* made = nullptr;
    int error = sd_bus_open_system(&made);
    bus.reset(made);
    const bool no_bus = error == -ENOENT || error == -ECONNREFUSED;
    if (no_bus && ::secure_getenv("DBUS_SYSTEM_BUS_ADDRESS") == nullptr) error = open_private(bus);
    if (error >= 0) error = sd_bus_set_method_call_timeout(bus.get(), deadline);
    if (error >= 0) error = wait_until_ready(bus.get());
    if (error < 0) bus.reset();
    return error;
}

// One for each thread: a look at 200 units needs no 200 connections.
struct Connection {
    Bus bus;
    Seconds silent_until = -1;  // monotonic
};
Connection& connection() {
    thread_local Connection one;
    return one;
}

Failure cannot_ask(int error, const std::string& unit, const std::string& reason) {
    const ErrorKind kind = error == -ENOENT || error == -ECONNREFUSED ? ErrorKind::absent
                           : error == -EACCES || error == -EPERM      ? ErrorKind::denied
                           : error == -ETIMEDOUT                      ? ErrorKind::timed_out
                                                                      : ErrorKind::failed;
    return fail(kind, fmt::format("cannot ask systemd about {}: {}", unit,
                                  reason.empty() ? errno_text(-error) : reason));
}

// The readers of values. A negative errno: the message is not as expected.
int read_text(sd_bus_message* message, json& value) {
    const char* text = nullptr;
    const int error = sd_bus_message_read_basic(message, 's', &text);
    if (error > 0) value = text;
    return error;
}

int read_flag(sd_bus_message* message, json& value) {
    int flag = 0;
    const int error = sd_bus_message_read_basic(message, 'b', &flag);
    if (error > 0) value = flag != 0;
    return error;
}

int read_number(sd_bus_message* message, json& value) {
    int32_t number = 0;
    const int error = sd_bus_message_read_basic(message, 'i', &number);
    if (error > 0) value = number;
    return error;
}

int read_time(sd_bus_message* message, json& value) {
    uint64_t time = 0;
    const int error = sd_bus_message_read_basic(message, 't', &time);
    if (error > 0) value = time;
    return error;
}

int read_id(sd_bus_message* message, json& value) {
    const void* bytes = nullptr;
    size_t size = 0;
    const int error = sd_bus_message_read_array(message, 'y', &bytes, &size);
    if (error < 0) return error;
    std::string text;
    for (size_t i = 0; i < size && i < 16; ++i)
        text += fmt::format("{:02x}", static_cast<const uint8_t*>(bytes)[i]);
    value = std::move(text);
    return error;
}

int read_texts(sd_bus_message* message, json& value) {
    value = json::array();
    int error = sd_bus_message_enter_container(message, 'a', "s");
    const char* text = nullptr;
    while (error >= 0 && (error = sd_bus_message_read_basic(message, 's', &text)) > 0)
        value.push_back(text);
    return error < 0 ? error : sd_bus_message_exit_container(message);
}

// Two lists of numbers: whether there is one.
int read_statuses(sd_bus_message* message, json& value) {
    bool any = false;
    int error = sd_bus_message_enter_container(message, 'r', "aiai");
    for (int i = 0; i < 2 && error >= 0; ++i) {
        const void* numbers = nullptr;
        size_t size = 0;
        error = sd_bus_message_read_array(message, 'i', &numbers, &size);
        any |= error >= 0 && size > 0;
    }
    value = any;
    return error < 0 ? error : sd_bus_message_exit_container(message);
}

// The name of the tool in a command line: nothing else of it, which may hold a password.
int read_tool(sd_bus_message* message, std::string& tool) {
    int error = sd_bus_message_enter_container(message, 'a', "s");
    const char* text = nullptr;
    while (error >= 0 && (error = sd_bus_message_read_basic(message, 's', &text)) > 0) {
        const std::string_view word(text);
        const std::string_view name = word.substr(word.rfind('/') + 1);
        if (tool.empty() && is_known_tool(name)) tool = name;
    }
    return error < 0 ? error : sd_bus_message_exit_container(message);
}

int read_step(sd_bus_message* message, json& value) {
    const char* path = nullptr;
    std::string tool;
    int ignores = 0;
    std::array<uint64_t, 4> times{};  // start, the same monotonic, end, the same monotonic
    uint32_t process = 0;
    int32_t code = 0, status = 0;
    int error = sd_bus_message_read_basic(message, 's', &path);
    if (error >= 0) error = read_tool(message, tool);
    if (error >= 0)
        error = sd_bus_message_read(message, "bttttuii", &ignores, &times[0], &times[1], &times[2],
                                    &times[3], &process, &code, &status);
    if (error >= 0)
        value.push_back({{"tool", tool},
                         {"ignores_failure", ignores != 0},
                         {"start", times[0]},
                         {"end", times[2]},
                         {"code", code},
                         {"status", status}});
    return error;
}

constexpr const char* step_type = "sasbttttuii";

int read_steps(sd_bus_message* message, json& value) {
    value = json::array();
    int error = sd_bus_message_enter_container(message, 'a', "(sasbttttuii)");
    while (error >= 0 && (error = sd_bus_message_enter_container(message, 'r', step_type)) > 0) {
        error = read_step(message, value);
        if (error >= 0) error = sd_bus_message_exit_container(message);
    }
    return error < 0 ? error : sd_bus_message_exit_container(message);
}

struct ValueReader {
    std::string_view type;
    int (*read)(sd_bus_message* message, json& value);
};
constexpr ValueReader value_readers[] = {
    {"s", read_text}, {"b", read_flag},   {"i", read_number},        {"t", read_time},
    {"ay", read_id},  {"as", read_texts}, {"(aiai)", read_statuses}, {"a(sasbttttuii)", read_steps},
};

// Reads the variant if it is wanted; what is not is passed over unread.
int read_variant(sd_bus_message* message, std::string_view name, json& properties) {
    const char* contents = nullptr;
    const int error = sd_bus_message_peek_type(message, nullptr, &contents);
    if (error < 0 || contents == nullptr) return error < 0 ? error : -EBADMSG;
    if (is_wanted_property(name))
        for (const ValueReader& one : value_readers) {
            if (one.type != contents) continue;
            int done = sd_bus_message_enter_container(message, 'v', contents);
            if (done >= 0) done = one.read(message, properties[std::string(name)]);
            return done < 0 ? done : sd_bus_message_exit_container(message);
        }
    return sd_bus_message_skip(message, "v");
}

int read_properties(sd_bus_message* message, json& properties) {
    int error = sd_bus_message_enter_container(message, 'a', "{sv}");
    while (error >= 0 && (error = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
        const char* name = nullptr;
        error = sd_bus_message_read_basic(message, 's', &name);
        if (error >= 0) error = read_variant(message, name, properties);
        if (error >= 0) error = sd_bus_message_exit_container(message);
    }
    return error < 0 ? error : sd_bus_message_exit_container(message);
}

// The path of a unit that is not loaded loads it.
int ask(sd_bus* bus, const std::string& unit, Message& answer, std::string& reason) {
    char* path = nullptr;
    int error = sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit.c_str(), &path);
    const std::unique_ptr<char, decltype(&free)> free_path(path, &free);
    if (error < 0) return error;
    sd_bus_message* message = nullptr;
    sd_bus_error problem{};
    error =
        sd_bus_call_method(bus, "org.freedesktop.systemd1", path, "org.freedesktop.DBus.Properties",
                           "GetAll", &problem, &message, "s", "");
    answer.reset(message);
    if (problem.message != nullptr) reason = problem.message;
    sd_bus_error_free(&problem);
    return error;
}

bool is_broken(int error) {
    return error == -ENOTCONN || error == -ECONNRESET || error == -EPIPE || error == -ETIMEDOUT;
}

Result<UnitProperties> ask_systemd(const Host& host, const std::string& unit) {
    Connection& one = connection();
    if (host.monotonic() < one.silent_until) return cannot_ask(-ETIMEDOUT, unit, no_answer);
    int error = 0;
    Message answer;
    std::string reason;
    for (int attempt = 0; attempt < 2; ++attempt) {
        const bool fresh = !one.bus;
        error = fresh ? open_bus(one.bus) : 0;
        if (error >= 0) error = ask(one.bus.get(), unit, answer, reason);
        if (!is_broken(error)) break;
        one.bus.reset();
        if (fresh || error == -ETIMEDOUT) break;  // an old connection breaks when the bus restarts
    }
    if (error == -ETIMEDOUT) {
        one.silent_until = host.monotonic() + pause_of_silence;
        reason = no_answer;
    }
    if (error < 0) return cannot_ask(error, unit, reason);
    json properties = json::object();
    error = read_properties(answer.get(), properties);
    if (error < 0) return cannot_ask(error, unit, "its answer is damaged");
    return parse_unit_properties(properties);
}

}  // namespace

Result<UnitProperties> read_unit(const Host& host, const std::string& unit) {
    if (!host.recorded()) return ask_systemd(host, unit);
    const auto text = host.read(fmt::format("/units/{}.json", unit));
    if (!text) return Failure(text.error());
    const auto properties = json::parse(*text, nullptr, false);
    if (!properties.is_object())
        return fail(ErrorKind::malformed, fmt::format("/units/{}.json: is no object", unit));
    return parse_unit_properties(properties);
}

}  // namespace lastgood
