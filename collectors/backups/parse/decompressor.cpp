#include "collectors/backups/parse/decompressor.hpp"

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>

#include "core/bytes.hpp"

namespace lastgood {

namespace {

constexpr size_t head_length = 2048;
constexpr size_t tail_length = 4096;
using Buffer = std::array<char, 64 * kib>;

constexpr std::string_view needs_memory = "it needs more memory than lastgood uses";
constexpr std::string_view no_memory = "there was not enough memory";
constexpr std::string_view unknown_method = "its method is not known here";

// Each of these formats allows several streams one after another (pigz, pbzip2, pzstd, `cat a.gz
// b.gz`). Zeros after a gzip stream are padding: tapes add them and gzip ignores them.
class Gunzip : public Decompressor {
  public:
    Gunzip() { ready_ = inflateInit2(&stream_, 15 + 16) == Z_OK; }
    ~Gunzip() override {
        if (ready_) inflateEnd(&stream_);
    }
    Gunzip(const Gunzip&) = delete;
    Gunzip& operator=(const Gunzip&) = delete;

    bool feed(std::string_view input) override {
        if (damaged() || !obstacle().empty()) return false;
        if (!ready_) return cannot(no_memory);
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
        stream_.avail_in = static_cast<uInt>(input.size());
        while (stream_.avail_in > 0) {
            if (ended_) {
                while (stream_.avail_in > 0 && *stream_.next_in == 0) {
                    ++stream_.next_in;
                    --stream_.avail_in;
                }
                if (stream_.avail_in == 0) break;
                inflateReset(&stream_);
                ended_ = false;
            }
            stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
            stream_.avail_out = static_cast<uInt>(buffer_.size());
            const int status = inflate(&stream_, Z_NO_FLUSH);
            keep({buffer_.data(), buffer_.size() - stream_.avail_out});
            if (status == Z_STREAM_END)
                ended_ = true;
            else if (status == Z_MEM_ERROR)
                return cannot(no_memory);
            else if (status != Z_OK)
                return is_damaged();
        }
        // No need to request pending output here: the next input produces it, and the end of the
        // stream is always further input.
        return true;
    }
    bool ended() const override { return ended_; }

  private:
    z_stream stream_{};
    Buffer buffer_{};
    bool ready_ = false;
    bool ended_ = false;
};

class Bunzip : public Decompressor {
  public:
    Bunzip() { ready_ = BZ2_bzDecompressInit(&stream_, 0, 0) == BZ_OK; }
    ~Bunzip() override {
        if (ready_) BZ2_bzDecompressEnd(&stream_);
    }
    Bunzip(const Bunzip&) = delete;
    Bunzip& operator=(const Bunzip&) = delete;

    bool feed(std::string_view input) override {
        if (damaged() || !obstacle().empty()) return false;
        if (!ready_) return cannot(no_memory);
        stream_.next_in = const_cast<char*>(input.data());
        stream_.avail_in = static_cast<unsigned>(input.size());
        while (stream_.avail_in > 0) {
            if (ended_) {
                char* const next = stream_.next_in;
                const unsigned left = stream_.avail_in;
                BZ2_bzDecompressEnd(&stream_);
                stream_ = {};
                ready_ = BZ2_bzDecompressInit(&stream_, 0, 0) == BZ_OK;
                if (!ready_) return cannot(no_memory);
                stream_.next_in = next;
                stream_.avail_in = left;
                ended_ = false;
            }
            stream_.next_out = buffer_.data();
            stream_.avail_out = static_cast<unsigned>(buffer_.size());
            const int status = BZ2_bzDecompress(&stream_);
            keep({buffer_.data(), buffer_.size() - stream_.avail_out});
            if (status == BZ_STREAM_END)
                ended_ = true;
            else if (status == BZ_MEM_ERROR)
                return cannot(no_memory);
            else if (status != BZ_OK)
                return is_damaged();
        }
        // If the buffer was full, the end of the stream is seen only after the pending output has
        // been taken.
        while (!ended_ && stream_.avail_out == 0) {
            stream_.next_out = buffer_.data();
            stream_.avail_out = static_cast<unsigned>(buffer_.size());
            const int status = BZ2_bzDecompress(&stream_);
            keep({buffer_.data(), buffer_.size() - stream_.avail_out});
            if (status == BZ_STREAM_END) ended_ = true;
            if (status == BZ_MEM_ERROR) return cannot(no_memory);
            if (status != BZ_OK && status != BZ_STREAM_END) return is_damaged();
        }
        return true;
    }
    bool ended() const override { return ended_; }

  private:
    bz_stream stream_{};
    Buffer buffer_{};
    bool ready_ = false;
    bool ended_ = false;
};

class Unxz : public Decompressor {
  public:
    Unxz() { ready_ = lzma_stream_decoder(&stream_, 256 * mib, LZMA_CONCATENATED) == LZMA_OK; }
    ~Unxz() override { lzma_end(&stream_); }
    Unxz(const Unxz&) = delete;
    Unxz& operator=(const Unxz&) = delete;

    bool feed(std::string_view input) override {
        if (damaged() || !obstacle().empty()) return false;
        if (!ready_) return cannot(no_memory);
        stream_.next_in = reinterpret_cast<const uint8_t*>(input.data());
        stream_.avail_in = input.size();
        do {
            stream_.next_out = reinterpret_cast<uint8_t*>(buffer_.data());
            stream_.avail_out = buffer_.size();
            const lzma_ret status = lzma_code(&stream_, LZMA_RUN);
            keep({buffer_.data(), buffer_.size() - stream_.avail_out});
            if (status == LZMA_BUF_ERROR) break;  // needs more input
            if (status == LZMA_MEMLIMIT_ERROR) return cannot(needs_memory);
            if (status == LZMA_MEM_ERROR) return cannot(no_memory);
            if (status == LZMA_OPTIONS_ERROR) return cannot(unknown_method);
            if (status != LZMA_OK) return is_damaged();
        } while (stream_.avail_in > 0 || stream_.avail_out == 0);
        return true;
    }
    bool ended() const override {
        if (!ready_ || damaged() || !obstacle().empty()) return false;
        // With LZMA_CONCATENATED only LZMA_FINISH shows the end. That changes the stream, so
        // ended() works once, after all input.
        lzma_stream& stream = const_cast<lzma_stream&>(stream_);
        uint8_t rest = 0;
        stream.next_out = &rest;
        stream.avail_out = 1;
        stream.next_in = nullptr;
        stream.avail_in = 0;
        return lzma_code(&stream, LZMA_FINISH) == LZMA_STREAM_END;
    }

  private:
    lzma_stream stream_ = LZMA_STREAM_INIT;
    Buffer buffer_{};
    bool ready_ = false;
};

class Unzstd : public Decompressor {
  public:
    Unzstd() : context_(ZSTD_createDCtx()) {
        if (context_ != nullptr) ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, 27);
    }
    ~Unzstd() override { ZSTD_freeDCtx(context_); }
    Unzstd(const Unzstd&) = delete;
    Unzstd& operator=(const Unzstd&) = delete;

    bool feed(std::string_view input) override {
        if (damaged() || !obstacle().empty()) return false;
        if (context_ == nullptr) return cannot(no_memory);
        ZSTD_inBuffer in{input.data(), input.size(), 0};
        bool more = true;
        while (in.pos < in.size || more) {
            ZSTD_outBuffer out{buffer_.data(), buffer_.size(), 0};
            const size_t left = ZSTD_decompressStream(context_, &out, &in);
            if (ZSTD_isError(left) != 0) return stopped_by(ZSTD_getErrorCode(left));
            keep({buffer_.data(), out.pos});
            if (in.pos > 0 || out.pos > 0) ended_ = left == 0;
            more = out.pos == out.size;
        }
        return true;
    }
    bool ended() const override { return ended_; }

  private:
    bool stopped_by(ZSTD_ErrorCode code) {
        if (code == ZSTD_error_frameParameter_windowTooLarge) return cannot(needs_memory);
        if (code == ZSTD_error_memory_allocation) return cannot(no_memory);
        if (code == ZSTD_error_dictionary_wrong) return cannot("its dictionary is not here");
        if (code == ZSTD_error_version_unsupported || code == ZSTD_error_frameParameter_unsupported)
            return cannot(unknown_method);
        return is_damaged();
    }

    ZSTD_DCtx* context_;
    Buffer buffer_{};
    bool ended_ = false;
};

}  // namespace

void Decompressor::keep(std::string_view output) {
    produced_ += output.size();
    scan_.feed(output);
    if (output_ != nullptr && output_->size() < limit_)
        output_->append(output.substr(0, limit_ - output_->size()));
    if (head_.size() < head_length) head_ += output.substr(0, head_length - head_.size());
    if (output.size() >= tail_length) {
        tail_ = output.substr(output.size() - tail_length);
        return;
    }
    tail_ += output;
    if (tail_.size() > 16 * tail_length) tail_.erase(0, tail_.size() - tail_length);
}

std::unique_ptr<Decompressor> make_decompressor(std::string_view format) {
    if (format == "gzip") return std::make_unique<Gunzip>();
    if (format == "bzip2") return std::make_unique<Bunzip>();
    if (format == "xz") return std::make_unique<Unxz>();
    if (format == "zstd") return std::make_unique<Unzstd>();
    return nullptr;
}

}  // namespace lastgood
