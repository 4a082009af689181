// Unpacks a compressed file piece by piece, to see whether it is complete and what its content
// begins and ends with, or to read it. Keeps a few KiB of the content only. Does no I/O; not
// thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace lastgood {

class Decompressor {
  public:
    virtual ~Decompressor() = default;
    // Returns false if the input is damaged; then feed no more.
    virtual bool feed(std::string_view input) = 0;
    // Whether the input so far ends at the end of a compressed stream. Ask once, after all input.
    virtual bool ended() const = 0;

    // Also appends the content to `output`, until that has `limit` bytes. `output` must outlive
    // this object.
    void copy_to(std::string& output, size_t limit) {
        output_ = &output;
        limit_ = limit;
    }

    const std::string& head() const { return head_; }  // the first 2 KiB of the content
    const std::string& tail() const { return tail_; }  // at least the last 4 KiB, or all of it
    uint64_t produced() const { return produced_; }    // bytes of content so far
    bool damaged() const { return damaged_; }

  protected:
    void keep(std::string_view output);
    std::string head_;
    std::string tail_;
    uint64_t produced_ = 0;
    bool damaged_ = false;

  private:
    std::string* output_ = nullptr;
    size_t limit_ = 0;
};

// For "gzip", "xz", "bzip2", "zstd"; nullptr for other formats. Uses at most 256 MiB of memory for
// xz and 128 MiB for zstd.
std::unique_ptr<Decompressor> make_decompressor(std::string_view format);

}  // namespace lastgood
