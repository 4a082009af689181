// Loads the text of a saved output, without copying it if possible, and unpacks it.
#pragma once

#include <string>
#include <string_view>

#include "core/result.hpp"

namespace lastgood {

// Maps a regular file into memory; reads anything else (a pipe, "-": standard input) to its end, at
// most 1 GiB. Unpacks gzip, xz, zstd and bzip2, also to 1 GiB at most.
class SavedText {
  public:
    static constexpr size_t most_bytes = size_t{1} << 30;

    // Blocks until the input ends. Errors: the file cannot be opened or read; failed, if a pipe or
    // an unpacked file has more than `limit` bytes; malformed, if nothing of a packed file can be
    // unpacked.
    static Result<SavedText> open(const std::string& path, size_t limit = most_bytes);

    SavedText(SavedText&& other) noexcept;
    SavedText(const SavedText&) = delete;
    SavedText& operator=(const SavedText&) = delete;
    SavedText& operator=(SavedText&&) = delete;
    ~SavedText();

    // Valid as long as this object.
    std::string_view text() const;
    // Why a packed file could not be unpacked to its end; empty: it could, or it is not packed.
    const std::string& damage() const { return damage_; }

  private:
    SavedText() = default;
    Result<void> read(int fd, const std::string& name, size_t limit);
    Result<void> unpack(const std::string& name, size_t limit);

    void* map_ = nullptr;
    size_t size_ = 0;
    std::string buffer_;
    std::string damage_;
};

}  // namespace lastgood
