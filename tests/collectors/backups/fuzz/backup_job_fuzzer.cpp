// What systemd says of a unit, and what is remembered of it: one document of JSON.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "collectors/backups/job.hpp"

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

std::string text_of(const nlohmann::json& value, const char* key) {
    return value.is_object() && value.contains(key) && value[key].is_string()
               ? value[key].get<std::string>()
               : std::string();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace lastgood;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    static_cast<void>(is_service_name(text));
    const auto document = nlohmann::json::parse(text, nullptr, false);
    if (!document.is_object()) return 0;
    constexpr Timestamp now = 1.8e9;
    const UnitProperties unit = parse_unit_properties(document);
    std::vector<UnitMessage> messages;
    if (document.contains("messages") && document["messages"].is_array())
        for (const auto& one : document["messages"])
            messages.push_back({.id = text_of(one, "id"),
                                .invocation = text_of(one, "invocation"),
                                .time = now - 1000 + static_cast<double>(messages.size()),
                                .job_type = text_of(one, "job_type"),
                                .job_result = text_of(one, "job_result"),
                                .unit_result = text_of(one, "unit_result"),
                                .exit_code = text_of(one, "exit_code"),
                                .exit_status = text_of(one, "exit_status")});
    const JobMemory before = parse_job_memory(document, now);
    const JobState job = judge_job(unit, messages, before, {.tool = "restic"}, now);
    const JobMemory& known = job.known;
    if (known.last_success) {
        require(known.last_success->succeeded);
        require(known.last_success->confidence != Confidence::activity ||
                known.last_success == before.last_success);
        require(!before.last_success || known.last_success->time >= before.last_success->time);
    }
    if (job.partly) require(known.last && !known.last->succeeded);
    if (known.unproven && known.last) require(*known.unproven > known.last->time);
    // Saved and read again, it is the same.
    if (!known.last || known.last->time < now)
        require(to_json(parse_job_memory(to_json(known), 1e12)) == to_json(known));
    return 0;
}
