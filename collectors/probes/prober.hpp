// Makes the probes of the configuration, and hands what they say over as a file of observation
// lines. Runs in a service of its own, because the agent may neither write nor reach the network.
#pragma once

#include <string>

#include "core/config.hpp"
#include "core/result.hpp"

namespace lastgood {

// Who makes a probe: one service has the rights that writes and commands need, the other has the
// network and nothing else.
enum class ProbeService { local, remote };
ProbeService service_of(ProbeKind kind);
std::string_view to_string(ProbeService service);  // "lastgood-probe.service"

// RUNTIME_DIRECTORY-probe or -remote, where the service writes its file; and that file.
std::string probe_directory(const Config& config, ProbeService service);
std::string probe_file(const Config& config, ProbeService service);

// Blocks until a signal ends this process. Error: its file cannot be written.
Result<void> run_probes(const Config& config, ProbeService service);

}  // namespace lastgood
