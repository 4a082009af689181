// The input is the inbox: files, apart by 0x1d. The first byte of each says what it is, the second
// how often its text is repeated. Between them lie two good files, which must be read whatever the
// others are.
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "collectors/collector.hpp"
#include "core/bytes.hpp"
#include "core/text.hpp"

namespace {

using namespace lastgood;

constexpr const char* good =
    R"({"metric":"lastgood_backup_count","subject":"good","value":4711,"observed_at":5})"
    "\n";

void require(bool holds, int line = __builtin_LINE()) {
    if (holds) return;
    std::fprintf(stderr, "what line %d requires does not hold\n", line);
    std::abort();
}

const std::string& directory() {
    // Never destroyed: it is needed at exit.
    static const std::string& made = *new std::string([] {
        std::string path =
            (std::filesystem::temp_directory_path() / "lastgood-fuzz-XXXXXX").string();
        require(::mkdtemp(path.data()) != nullptr);
        std::atexit([] { std::filesystem::remove_all(directory()); });
        return path;
    }());
    return made;
}

void write(const std::string& name, std::string_view text) {
    std::ofstream(directory() + "/" + name, std::ios::binary) << text;
}

// Returns the size of the file.
size_t make(const std::string& name, std::string_view part) {
    const std::string path = directory() + "/" + name;
    const char kind = part.empty() ? 'x' : part[0];
    if (kind == 'F') return static_cast<size_t>(::mkfifo(path.c_str(), 0600) * 0);
    if (kind == 'D') return static_cast<size_t>(::mkdir(path.c_str(), 0700) * 0);
    if (kind == 'L') return static_cast<size_t>(::symlink(name.c_str(), path.c_str()) * 0);
    const size_t times =
        part.size() < 2 ? 1 : size_t{1} << (static_cast<unsigned char>(part[1]) % 12);
    const std::string_view text = part.substr(std::min<size_t>(2, part.size()));
    std::string whole;
    for (size_t i = 0; i < times && whole.size() < 2 * mib; ++i) whole += text;
    write(name, whole);
    return whole.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    for (const auto& entry : std::filesystem::directory_iterator(directory()))
        std::filesystem::remove_all(entry.path());
    write("0.jsonl", good);
    write("z.json", good);
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    size_t all = 0;
    for (int number = 0; number < 40 && !rest.empty() && all < 20 * mib; ++number)
        all += make("f" + std::to_string(100 + number) + ".jsonl", take_until(rest, '\x1d'));

    Config config;
    config.inbox_directory.value = directory();
    MemorySink sink;
    const Host host("/");
    Context context{host, config, sink, "", "", false};
    require(find_collector("inbox")->run(context).has_value());

    require(std::ranges::count(sink.observations, 4711.0, &Observation::value) >= 2);
    require(sink.observations.size() <= 40'002);
    for (const auto& [subject, problem] : sink.problems) {
        require(problem.message.size() <= message_limit);
    }
    require(sink.problems.size() <= 550);
    const Timestamp now = host.now();
    for (const Observation& one : sink.observations) {
        require(why_not_valid(one).empty());
        require(one.observed_at <= now + 1);
    }
    return 0;
}
