#include "exporters/prometheus/protection_files.hpp"

#include <fmt/core.h>

#include <utility>

#include "exporters/prometheus/certificate.hpp"

namespace lastgood {

std::vector<std::string> ProtectionFiles::look_again(HttpServer& server, Timestamp now) {
    std::vector<std::string> news;
    if (!any()) return news;
    for (const std::string& text : {read_again(server), look_at_end(now)})
        if (!text.empty()) news.push_back(text);
    return news;
}

std::string ProtectionFiles::look_at_end(Timestamp now) {
    const auto end = end_of_certificate(in_force_.certificate);
    End found = End::far;
    if (end && *end < now)
        found = End::past;
    else if (end && *end - now <= certificate_ends_soon)
        found = End::soon;
    if (std::exchange(end_, found) == found) return "";
    return why_renew_certificate(in_force_.certificate, now);
}

std::string ProtectionFiles::read_again(HttpServer& server) {
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
