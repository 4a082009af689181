// Every access to the outside goes through a Host: files, commands, the clock. With a root other
// than "/" it is a recorded host: files are read below that directory (symbolic links stay inside
// it), commands answer from recordings, the clock stands still.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"

namespace lastgood {

struct Command {
    std::vector<std::string> arguments = {};  // [0] is looked up in PATH
    Seconds deadline = 30;  // then killed: SIGTERM, 1 s later SIGKILL, 1 s later abandoned
    size_t output_limit = 4 * 1024 * 1024;      // bytes of standard output; more is an error
    std::vector<std::string> environment = {};  // added to ours, "NAME=value"
};

struct CommandOutput {
    int exit_status = 0;  // 128 + signal when killed by one
    std::string standard_output;
    std::string standard_error;  // the first 64 KiB
};

enum class FileKind { regular, directory, symlink, other };

struct FileStatus {
    FileKind kind = FileKind::other;
    double size = 0;  // bytes
    Timestamp modified = 0;
    Timestamp changed = 0;
    uint64_t device = 0;  // dev_t
    uint64_t inode = 0;
};

class Host {
  public:
    explicit Host(std::string root = "/");
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;
    ~Host();

    bool recorded() const { return recorded_; }
    const std::string& root() const { return root_; }

    // Whole file, at most `limit` bytes (more: failed). For text of /proc and /sys and small files.
    Result<std::string> read(const std::string& path, size_t limit = 1024 * 1024) const;
    Result<std::string> read_line(
        const std::string& path) const;  // first line, trailing white space removed
    Result<double> read_number(const std::string& path) const;  // decimal; else malformed
    // Names in a directory, sorted, without "." and "..".
    Result<std::vector<std::string>> list(const std::string& path) const;
    Result<std::string> read_link(const std::string& path) const;  // target as it is written
    // Absolute path within the host with every symbolic link resolved.
    Result<std::string> resolve(const std::string& path) const;
    Result<FileStatus> status(const std::string& path, bool follow = true) const;
    bool exists(const std::string& path) const;
    // An open descriptor (O_RDONLY | O_CLOEXEC | O_NONBLOCK) for what needs more than the above.
    // The caller closes it.
    Result<int> open(const std::string& path, int extra_flags = 0) const;

    // Runs a command. A recorded host answers from ROOT/commands/<arguments joined by a space, '/'
    // written as '_'>: that file is the standard output, the same name with ".status" the exit
    // status; no file: absent.
    Result<CommandOutput> run(const Command& command) const;

    // A recorded host's clock is the number in ROOT/now, else the time of its recording is unknown:
    // 0.
    Timestamp now() const;
    Seconds monotonic() const;  // CLOCK_BOOTTIME
    // When its kernel started; a recorded host's by "btime" in its /proc/stat (proc(5)), else
    // now().
    Timestamp boot_time() const;

  private:
    std::string root_;
    bool recorded_;
    int root_fd_ = -1;
    Timestamp recorded_now_ = 0;
};

}  // namespace lastgood
