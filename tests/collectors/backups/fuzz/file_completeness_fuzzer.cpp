#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "collectors/backups/parse/completeness.hpp"
#include "collectors/backups/parse/content_scan.hpp"
#include "collectors/backups/parse/decompressor.hpp"
#include "collectors/backups/parse/promised_content.hpp"
#include "core/bytes.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view file(reinterpret_cast<const char*>(data), size);
    size_t reads = 0;
    const auto verdict = lastgood::judge_ends(size, [&](uint64_t offset, size_t length) {
        if (++reads > 2 * size + 2000) std::abort();  // must be linear in the file's size
        if (offset >= file.size()) return std::string();
        return std::string(file.substr(offset, length));
    });
    if (size == 0 && verdict.state != lastgood::Completeness::incomplete) std::abort();
    if (verdict.state == lastgood::Completeness::incomplete && verdict.reason.empty()) std::abort();
    lastgood::broken_promise(file.substr(0, size / 4), file.substr(size / 4));
    lastgood::broken_promise_within(file.substr(0, size / 4), file.substr(size / 4));
    // The same in one piece and in two.
    lastgood::ContentScan at_once, halves;
    at_once.feed(file);
    halves.feed(file.substr(0, size / 3));
    halves.feed(file.substr(size / 3));
    if (at_once.fault() != halves.fault()) std::abort();
    lastgood::judge_content(file.substr(0, size / 2), file.substr(size / 2));
    if (lastgood::is_compression(verdict.format)) {
        const auto decompressor = lastgood::make_decompressor(verdict.format);
        if (decompressor == nullptr) std::abort();
        for (size_t at = 0; at < size; at += 1000) {
            if (!decompressor->feed(file.substr(at, 1000))) return 0;
            if (decompressor->produced() > 64 * lastgood::mib) return 0;  // a bomb only costs time
            if (decompressor->tail().size() > 128 * lastgood::kib) std::abort();
        }
        // A file that unpacks to its end must not have been called truncated.
        const bool whole = decompressor->ended();
        if (whole && verdict.format == "zstd" &&
            verdict.state == lastgood::Completeness::incomplete)
            std::abort();
    }
    return 0;
}
