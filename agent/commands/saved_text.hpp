// The text of a saved output, in memory without a copy where that can be.
#pragma once

#include <string>
#include <string_view>

#include "core/result.hpp"

namespace lastgood {

// Maps a regular file; reads anything else (a pipe) to its end, at most 1 GiB. "-" is standard
// input.
class SavedText {
  public:
    static Result<SavedText> open(const std::string& path);

    SavedText(SavedText&& other) noexcept;
    SavedText(const SavedText&) = delete;
    SavedText& operator=(const SavedText&) = delete;
    SavedText& operator=(SavedText&&) = delete;
    ~SavedText();

    std::string_view text() const;

  private:
    SavedText() = default;
    Result<void> read(int fd, const std::string& name);

    void* map_ = nullptr;
    size_t size_ = 0;
    std::string buffer_;
};

}  // namespace lastgood
