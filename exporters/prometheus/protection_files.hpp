// Certificate, key and passwords of the listener, read again when their files change.
#pragma once

#include <string>

#include "core/config.hpp"
#include "exporters/prometheus/http_server.hpp"
#include "exporters/prometheus/protection.hpp"

namespace lastgood {

class ProtectionFiles {
  public:
    // `config` must live as long. `read`: what was read with all privileges.
    ProtectionFiles(const Config& config, Protection read)
        : config_(config), in_force_(std::move(read)) {}

    bool any() const { return in_force_ != Protection(); }
    const Protection& in_force() const { return in_force_; }

    // Reads the files again, as far as the process may, and gives the server what has changed. If
    // something is wrong, all stays as it was. Returns what a log should tell, once: "" if nothing.
    // Blocks for disk accesses.
    std::string look_again(HttpServer& server);

  private:
    const Config& config_;
    Protection in_force_;
    std::string trouble_;
};

}  // namespace lastgood
