// Messages of the kernel and the events that they are, for the tests of its parser.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "collectors/kernel_log/parse/event.hpp"

namespace lastgood::test {

struct Form {
    const char* message;
    KernelLayer layer;
    KernelEventKind kind;
    const char* subject;  // device, else array, else filesystem
};

inline std::string subject_of(const KernelEvent& event) {
    if (!event.device.empty()) return std::string(event.device);
    if (!event.array.empty()) return std::string(event.array);
    return std::string(event.filesystem);
}

inline void check(const std::vector<Form>& forms) {
    for (const Form& form : forms) {
        INFO(std::string(form.message));
        const auto event = parse_kernel_message(form.message);
        REQUIRE(event);
        CHECK(to_string(event->layer) == to_string(form.layer));
        CHECK(to_string(event->kind) == to_string(form.kind));
        CHECK(subject_of(*event) == form.subject);
    }
}

inline void check_harmless(const std::vector<const char*>& messages) {
    for (const char* message : messages) {
        INFO(std::string(message));
        CHECK_FALSE(parse_kernel_message(message));
    }
}

}  // namespace lastgood::test
