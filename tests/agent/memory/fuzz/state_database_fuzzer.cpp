// The input is state.db; or, after a first byte 'P', what to overwrite in a sound one: three bytes
// of an offset, then the new byte. Whatever it is, the store opens it or puts it aside, and nothing
// that makes no sense comes back.
#include <stdlib.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "agent/memory/store.hpp"
#include "core/metrics/drives.hpp"

namespace {

using namespace lastgood;

void require(bool holds, int line = __builtin_LINE()) {
    if (holds) return;
    std::fprintf(stderr, "what line %d requires does not hold\n", line);
    std::abort();
}

// In memory, if possible: a database waits for its disk.
const std::string& directory() {
    // Never destroyed: it is needed at exit.
    static const std::string& made = *new std::string([] {
        std::error_code ignored;
        const bool in_memory = std::filesystem::is_directory("/dev/shm", ignored);
        std::string path =
            (in_memory ? "/dev/shm" : std::filesystem::temp_directory_path().string());
        path += "/lastgood-fuzz-XXXXXX";
        require(::mkdtemp(path.data()) != nullptr);
        std::atexit([] { std::filesystem::remove_all(directory()); });
        return path;
    }());
    return made;
}

void make_empty() {
    for (const auto& entry : std::filesystem::directory_iterator(directory()))
        std::filesystem::remove_all(entry.path());
}

const std::string& sound_database() {
    static const std::string made = [] {
        make_empty();
        {
            Store store(directory());
            require(store.take_loaded().has_value());
            State state;
            state.set_watched_since(5);
            state.set_cursor("kernel_log", "boot:1");
            for (int i = 0; i < 50; ++i) {
                const std::string drive = "drive " + std::to_string(i);
                state.see(SubjectKind::drive, drive, 100);
                state.increment(
                    {&metric::drive_kernel_errors_total, drive, {{"kind", "io"}}, 1, 5});
            }
            store.save(state.all_rows(), 20);
        }
        std::ifstream file(directory() + "/state.db", std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(file), {});
    }();
    return made;
}

std::string database_of(std::string_view input) {
    if (!input.starts_with('P')) return std::string(input);
    std::string database = sound_database();
    for (size_t at = 1; at + 4 <= input.size(); at += 4) {
        const auto byte = [&](size_t i) { return static_cast<unsigned char>(input[at + i]); };
        const size_t offset = size_t{byte(0)} << 16 | size_t{byte(1)} << 8 | byte(2);
        database[offset % database.size()] = input[at + 3];
    }
    return database;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string database = database_of({reinterpret_cast<const char*>(data), size});
    make_empty();
    std::ofstream(directory() + "/state.db", std::ios::binary) << database;
    {
        Store store(directory());
        auto saved = store.take_loaded();
        if (!saved) {  // of a newer version, or with a feature that only that has
            require(store.problem().has_value());
            return 0;
        }
        State state;
        state.load(saved->rows);
        state.set_watched_since(5);
        store.save(state.take_changes(), 5);
        store.save(state.all_rows(), 5);
        if (store.problem()) return 0;  // triggers and constraints of somebody else
    }
    Store store(directory());
    const auto saved = store.take_loaded();
    if (!saved) return 0;  // damaged in a place that only writing reaches
    State state;
    require(state.load(saved->rows).rows == 0 || !saved->losses.empty());
    return 0;
}
