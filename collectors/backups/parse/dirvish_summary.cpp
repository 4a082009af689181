#include "collectors/backups/parse/dirvish_summary.hpp"

#include "collectors/backups/parse/record_time.hpp"
#include "core/text.hpp"

namespace lastgood {

Result<DirvishSummary> parse_dirvish_summary(std::string_view text) {
    DirvishSummary summary;
    bool recognised = false;
    while (!text.empty()) {
        std::string_view line = take_line(text);
        const std::string_view key = take_until(line, ':');
        const std::string_view value = trim(line);
        if (key == "Image" || key == "vault" || key == "client") recognised = true;
        if (key == "branch") summary.branch = value;
        if (key == "Backup-begin") summary.begin = parse_record_time(value);
        if (key == "Backup-complete") summary.complete = parse_record_time(value);
        if (key == "Status") summary.status = value;
    }
    if (!recognised) return fail(ErrorKind::malformed, "it is no summary of dirvish");
    return summary;
}

bool is_whole_dirvish_status(std::string_view status) {
    return status == "success" || status.starts_with("warning (24)");
}

}  // namespace lastgood
