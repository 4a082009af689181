// Certificate, key and passwords of the listener, read again when their files change.
#pragma once

#include <string>
#include <vector>

#include "core/config.hpp"
#include "core/time.hpp"
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
    // something is wrong, all stays as it was. Returns what a log should tell, each once: that they
    // were read, what is wrong, and at `now` that the certificate must be renewed. Blocks for disk
    // accesses.
    std::vector<std::string> look_again(HttpServer& server, Timestamp now);

  private:
    std::string read_again(HttpServer& server);
    std::string look_at_end(Timestamp now);

    const Config& config_;
    Protection in_force_;
    std::string trouble_;
    enum class End { far, soon, past } end_ = End::far;  // of the certificate, as it was told
};

}  // namespace lastgood
