// Where an agent keeps its state and report while it watches a recorded host (--root): apart from
// those of this machine, whose drives would otherwise be missing or taken for new ones.
#pragma once

#include <string>

#include "core/config.hpp"
#include "core/result.hpp"

namespace lastgood {

// Leaves out what a recorded host must not start or write on this machine: external collectors and
// the textfile.
void leave_this_machine_alone(Config& config);

// A directory below $TMPDIR, or /tmp, that is removed with everything in it. Others may read the
// report in it, because the listener gives up its rights. Blocks for file access only.
class RecordedState {
  public:
    // Error: no directory can be made there.
    static Result<RecordedState> make();
    ~RecordedState();
    RecordedState(RecordedState&& other) noexcept;
    RecordedState& operator=(RecordedState&&) = delete;
    RecordedState(const RecordedState&) = delete;
    RecordedState& operator=(const RecordedState&) = delete;

    // Directs state, report and requests here, and leaves this machine alone.
    void use_for(Config& config) const;

  private:
    explicit RecordedState(std::string path) : path_(std::move(path)) {}
    std::string path_;  // empty: moved from
};

}  // namespace lastgood
