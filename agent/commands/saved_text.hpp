// Loads the text of a saved output, without copying it if possible.
#pragma once

#include <string>
#include <string_view>

#include "core/result.hpp"

namespace lastgood {

// Maps a regular file into memory; reads anything else (a pipe, "-": standard input) to its end, at
// most 1 GiB.
class SavedText {
  public:
    // Blocks until the input ends. Errors: the file cannot be opened or read; failed, if a pipe has
    // more than 1 GiB.
    static Result<SavedText> open(const std::string& path);

    SavedText(SavedText&& other) noexcept;
    SavedText(const SavedText&) = delete;
    SavedText& operator=(const SavedText&) = delete;
    SavedText& operator=(SavedText&&) = delete;
    ~SavedText();

    // Valid as long as this object.
    std::string_view text() const;

  private:
    SavedText() = default;
    Result<void> read(int fd, const std::string& name);

    void* map_ = nullptr;
    size_t size_ = 0;
    std::string buffer_;
};

}  // namespace lastgood
