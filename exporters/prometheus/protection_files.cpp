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
           : !read && read.error().kind == ErrorKind::denied
               ? fmt::format(
                     "a change of certificate, key or passwords needs a reload of lastgood "
                     "run or a restart of the listener, whose user may not read them ({})",
                     trouble)
               : fmt::format(
                     "certificate, key or passwords have changed, but the old ones stay in "
                     "force: {}",
                     trouble);
}

}  // namespace lastgood
