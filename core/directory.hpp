// Reads a directory name by name in the order of the disk, so that memory does not grow with the
// number of names. Blocks as long as the filesystem does; has the error kinds of Host.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/descriptor.hpp"
#include "core/host.hpp"

namespace lastgood {

class DirectoryReader {
  public:
    // `extra_flags`: such as O_NOFOLLOW, for open(2).
    static Result<DirectoryReader> open(const Host& host, const std::string& path,
                                        int extra_flags = 0);

    // The next name but "." and ".."; nullptr at the end, and after an error, which error() then
    // tells. It is valid until the next call.
    const char* next();
    // What the directory says of the last name. nullopt: it does not say.
    std::optional<FileKind> kind() const { return kind_; }
    const std::optional<Error>& error() const { return error_; }

    // The status of a name in this directory (statx(2), relative to the descriptor: a directory
    // that is renamed meanwhile stays the same one). Resolves a link by its path, or tells of the
    // link itself.
    Result<FileStatus> status(const char* name, LastLink last = LastLink::follow) const;
    Result<FileStatus> status() const;  // of the directory itself

    const std::string& path() const { return path_; }

  private:
    DirectoryReader(const Host& host, std::string path, Descriptor directory);
    const Host* host_;
    std::string path_;
    Descriptor directory_;
    std::unique_ptr<char[]> buffer_;
    size_t filled_ = 0;
    size_t at_ = 0;
    std::optional<FileKind> kind_;
    std::optional<Error> error_;
};

}  // namespace lastgood
