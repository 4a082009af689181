// Runs a collector on a recorded host in tests/hosts/.
#pragma once

#include <string>

#include "collectors/collector.hpp"
#include "core/report.hpp"
#include "tests/support.hpp"

namespace lastgood::test {

struct Ran {
    MemorySink sink;
    std::string text;  // the output lines, observations sorted, problems last
};

inline std::string host_directory(const std::string& name) {
    return tests_directory() + "/hosts/" + name;
}

inline std::string as_text(const MemorySink& sink) {
    std::vector<Observation> observations = sink.observations;
    sort_observations(observations);
    std::string text;
    for (const Observation& observation : observations)
        text += to_json_line({ProtocolLine::Kind::observation, observation, {}, {}, {}}) + "\n";
    for (const auto& [subject, error] : sink.problems)
        text += to_json_line({ProtocolLine::Kind::problem, {}, {}, subject, error}) + "\n";
    return text;
}

inline Ran run_on_host(const Collector& collector, const std::string& host_path,
                       const Config& config = {}, const std::string& cursor = {}) {
    const Host host(host_path);
    Ran ran;
    Context context{host, config, ran.sink, {}, cursor, true};
    const auto done = collector.run(context);
    ran.text = as_text(ran.sink);
    if (!done) ran.text += "error: " + done.error().message + "\n";
    return ran;
}

}  // namespace lastgood::test
