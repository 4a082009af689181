#include "exporters/status/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "core/text.hpp"

namespace lastgood {

ViewOptions view_of_standard_output() {
    ViewOptions options;
    const auto environment = [](const char* name) {
        const char* value = std::getenv(name);
        return std::string_view(value != nullptr ? value : "");
    };
    if (const auto columns = parse_number<size_t>(environment("COLUMNS"));
        columns && *columns > 0) {
        options.width = *columns;
    }
    if (::isatty(STDOUT_FILENO) == 1) {
        winsize size{};
        if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
            options.width = size.ws_col;
            options.height = size.ws_row > 0 ? size.ws_row : options.height;
        }
        options.colour = environment("NO_COLOR").empty() && environment("TERM") != "dumb";
    }
    options.width = std::clamp<size_t>(options.width, 40, 300);
    return options;
}

}  // namespace lastgood
