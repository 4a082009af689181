#include "exporters/prometheus/protection_files.hpp"

#include <fmt/format.h>

#include <utility>

namespace lastgood {

std::string ProtectionFiles::look_again(HttpServer& server) {
    if (!any()) return "";
    const auto read = read_protection(config_, in_force_);
    std::string trouble = read ? "" : read.error().message;
    if (read && *read != in_force_) {
        if (const auto changed = server.protect(*read); changed) {
            in_force_ = *read;
            trouble_.clear();
            return "the certificate or the passwords were read again";
        } else {
            trouble = changed.error().message;
        }
    }
    if (std::exchange(trouble_, trouble) == trouble) return "";
    return trouble.empty() ? ""
                           : fmt::format(
                                 "restart the listener after a change of the certificate or "
                                 "the passwords, which cannot be read again: {}",
                                 trouble);
}

}  // namespace lastgood
