#include "agent/recorded_state.hpp"

#include <fmt/core.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <utility>

namespace lastgood {

void leave_this_machine_alone(Config& config) {
    config.external_collectors.clear();
    config.textfile_path.value.clear();
}

Result<RecordedState> RecordedState::make() {
    std::error_code problem;
    const std::filesystem::path above = std::filesystem::temp_directory_path(problem);
    std::string path =
        ((problem ? std::filesystem::path("/tmp") : above) / "lastgood-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr || ::chmod(path.c_str(), 0755) != 0)
        return fail(ErrorKind::failed,
                    fmt::format("cannot make a directory for the state of the recorded host ({}): "
                                "{}; set TMPDIR to a directory that can be written",
                                path, errno_text(errno)));
    return RecordedState(std::move(path));
}

RecordedState::RecordedState(RecordedState&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

RecordedState::~RecordedState() {
    if (path_.empty()) return;
    std::error_code ignored;  // what cannot be removed stays in a directory for temporary files
    std::filesystem::remove_all(path_, ignored);
}

void RecordedState::use_for(Config& config) const {
    config.state_directory.value = path_ + "/state";
    config.runtime_directory.value = path_;
    leave_this_machine_alone(config);
}

}  // namespace lastgood
