#include "exporters/prometheus/textfile.hpp"

#include <fmt/core.h>

#include "core/files.hpp"
#include "exporters/prometheus/exposition.hpp"

namespace lastgood {

Result<void> write_textfile(const Report& report, const std::string& path) {
    if (!path.ends_with(".prom")) {
        return fail(
            ErrorKind::malformed,
            fmt::format(
                "{}: node_exporter reads only files that end in .prom; change [textfile] path",
                path));
    }
    // node_exporter may read the folder at any moment. The temporary file of write_file does not
    // end in .prom, so node_exporter ignores it.
    return write_file(path, to_exposition(report, true), Synced::no);
}

}  // namespace lastgood
