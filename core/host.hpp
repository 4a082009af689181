// Gives access to files, commands and the clock of a host. With a root other than "/" it is a
// recorded host: files are read below that directory (symbolic links cannot leave it, openat2(2)),
// commands answer from recordings, and the clock stands still.
//
// Error kinds of all functions: absent (ENOENT, ENOTDIR, ENXIO, ENODEV), denied (EACCES, EPERM),
// failed (any other errno). Reads have no deadline: a file on a hanging disk blocks. const
// functions may be called from several threads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.hpp"
#include "core/descriptor.hpp"
#include "core/program_path.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace lastgood {

struct Command {
    std::vector<std::string> arguments = {};  // [0]: an absolute path or a name
    Seconds deadline = 30;          // then SIGTERM, 1 s later SIGKILL, 1 s later abandoned
    size_t output_limit = 4 * mib;  // bytes of standard output; more: failed
    // "NAME=value"; added to clean_environment()
    std::vector<std::string> environment = {};
};

struct CommandOutput {
    int exit_status = 0;  // 128 + signal number if killed by a signal
    std::string standard_output;
    std::string standard_error;  // the first 64 KiB
};

enum class FileKind { regular, directory, symlink, other };

struct FileStatus {
    FileKind kind = FileKind::other;
    double size = 0;       // bytes
    double allocated = 0;  // bytes on the disk: less than size of a sparse file
    Timestamp modified = 0;
    Timestamp changed = 0;
    Timestamp created = 0;  // 0: not known; only DirectoryReader tells it
    uint64_t device = 0;    // dev_t
    uint64_t inode = 0;
    uint32_t owner = 0;  // uid
};

// Whether the last component of a path may be a symbolic link.
enum class LastLink { follow, refuse };

// Whether a Host with this root reads a recorded host, not this machine.
bool is_recorded(std::string_view root);

// Error: `root` is not a directory that can be opened; the message says why and names --root.
Result<void> check_root(const std::string& root);

class Host {
  public:
    // `search_path`: where run() looks for programs; directories separated by ':'.
    explicit Host(std::string root = "/", std::string search_path = std::string(program_path));
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    bool recorded() const { return recorded_; }
    const std::string& root() const { return root_; }

    // Reads a whole file of at most `limit` bytes (larger: failed). For files in /proc and /sys and
    // other small ones; elsewhere as open_file().
    Result<std::string> read(const std::string& path, size_t limit = mib,
                             LastLink last = LastLink::follow) const;
    // The first line without trailing white space.
    Result<std::string> read_line(const std::string& path) const;
    // The first line as a decimal number. malformed: not a finite number.
    Result<double> read_number(const std::string& path) const;
    // Names in a directory, sorted, without "." and "..". More than 250,000: failed.
    Result<std::vector<std::string>> list(const std::string& path) const;
    // The target as stored, not resolved.
    Result<std::string> read_link(const std::string& path) const;
    // The absolute path within the host, with all symbolic links resolved.
    Result<std::string> resolve(const std::string& path) const;
    Result<FileStatus> status(const std::string& path, bool follow = true) const;
    // False also if the path may not be looked at.
    bool exists(const std::string& path) const;
    // Opens a file with O_RDONLY | O_CLOEXEC | O_NONBLOCK and `extra_flags`, for uses that the
    // functions above do not cover. The caller closes the descriptor.
    Result<int> open(const std::string& path, int extra_flags = 0) const;

    // Opens a regular file to read it. Where others may have put a link to something else, that is
    // not opened at all: it may rewind a tape, start a watchdog, take away messages of the kernel.
    // failed: no regular file of a disk. The caller closes the descriptor.
    Result<int> open_file(const std::string& path, LastLink last = LastLink::follow) const;

    // Runs a command and blocks until it ends, at most its deadline and 2 s more (errors:
    // core/process.hpp). A recorded host answers from ROOT/commands/NAME, where NAME is the
    // arguments joined by spaces with '/' written as '_': that file is the standard output,
    // NAME.status the exit status (missing: 0). No such file: absent.
    Result<CommandOutput> run(const Command& command) const;

    // Wall-clock time; for a recorded host the number in ROOT/now, or 0 if that is missing.
    Timestamp now() const;
    Seconds monotonic() const;  // CLOCK_BOOTTIME of this machine, also for a recorded host
    // When the kernel started; for a recorded host "btime" of its /proc/stat (proc(5)), or now() if
    // missing.
    Timestamp boot_time() const;

  private:
    std::string root_, search_path_;
    bool recorded_;
    Descriptor root_directory_;
    Timestamp recorded_now_ = 0;
};

}  // namespace lastgood
