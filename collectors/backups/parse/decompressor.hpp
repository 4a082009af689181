// Unpacks a compressed file piece by piece, to see whether it is complete and what its content
// begins and ends with, or to read it. Keeps a few KiB of the content only. Does no I/O; not
// thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "collectors/backups/parse/content_scan.hpp"

namespace lastgood {

class Decompressor {
  public:
    virtual ~Decompressor() = default;
    // Returns false if it cannot go on; then feed no more. damaged() tells whether that is the
    // input's fault.
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
    const ContentScan& scan() const { return scan_; }  // of all content so far
    uint64_t produced() const { return produced_; }    // bytes of content so far
    bool damaged() const { return damaged_; }
    // Why a sound input cannot be unpacked here, as the end of "it was not unpacked: ..."; empty:
    // it can.
    std::string_view obstacle() const { return obstacle_; }

  protected:
    void keep(std::string_view output);
    // Both return false, for feed().
    bool is_damaged() {
        damaged_ = true;
        return false;
    }
    bool cannot(std::string_view why) {
        obstacle_ = why;
        return false;
    }
    std::string head_;
    std::string tail_;
    ContentScan scan_;
    uint64_t produced_ = 0;

  private:
    bool damaged_ = false;
    std::string_view obstacle_;
    std::string* output_ = nullptr;
    size_t limit_ = 0;
};

// For "gzip", "xz", "bzip2", "zstd"; nullptr for other formats. Uses at most 256 MiB of memory for
// xz and 128 MiB for zstd; a file that needs more has that as its obstacle().
std::unique_ptr<Decompressor> make_decompressor(std::string_view format);

}  // namespace lastgood
