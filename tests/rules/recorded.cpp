#include "tests/rules/recorded.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <sstream>

#include "core/host.hpp"
#include "tests/support.hpp"

namespace lastgood::test {

std::vector<ObservedHost> recorded_hosts() {
    std::vector<ObservedHost> hosts;
    const std::string directory = test::tests_directory() + "/hosts";
    if (!std::filesystem::is_directory(directory)) return hosts;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        const auto golden = entry.path() / "golden";
        if (!std::filesystem::is_directory(golden)) continue;
        ObservedHost host{entry.path().filename().string(), {}};
        for (const auto& file : std::filesystem::directory_iterator(golden)) {
            if (file.path().extension() != ".jsonl") continue;
            std::istringstream lines(test::read_file(file.path().string()));
            for (std::string line; std::getline(lines, line);) {
                const auto parsed = parse_protocol_line(line, 0);
                CAPTURE(file.path().string());
                CAPTURE(line);
                REQUIRE(parsed);
                if (parsed->kind == ProtocolLine::Kind::observation ||
                    parsed->kind == ProtocolLine::Kind::increment) {
                    host.observations.push_back(parsed->observation);
                }
            }
        }
        test::move_timestamps(host.observations, Host(entry.path().string()).now());
        hosts.push_back(std::move(host));
    }
    return hosts;
}

}  // namespace lastgood::test
