// Unpacks a compressed copy piece by piece to see that it is whole and what it holds at its two
// ends; keeps a few KiB, never the content.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace lastgood {

class Decompressor {
  public:
    virtual ~Decompressor() = default;
    // False when the input is damaged, or holds more than `output_limit`: feed no more.
    virtual bool feed(std::string_view input) = 0;
    // Whether the input so far ends where a compressed stream ends.
    virtual bool ended() const = 0;

    const std::string& head() const { return head_; }  // the first 2 KiB of the content
    const std::string& tail() const { return tail_; }  // the last 4 KiB at least, if there are
    uint64_t produced() const { return produced_; }    // bytes of content so far
    bool damaged() const { return damaged_; }

  protected:
    void keep(std::string_view output);
    std::string head_;
    std::string tail_;
    uint64_t produced_ = 0;
    bool damaged_ = false;
};

// For "gzip", "xz", "bzip2", "zstd"; nullptr for others.
// At most 256 MiB of memory for xz, 128 MiB for zstd.
std::unique_ptr<Decompressor> make_decompressor(std::string_view format);

}  // namespace lastgood
