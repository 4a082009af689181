// The readers of /sys, /proc and /run/udev: the input is a list of changes to a recorded host; the
// collectors of drives, arrays, filesystems and uses then run over it, and preflight over what they
// report.
//
// The first byte chooses the host. Then, for each change: two bytes for the file, one for what is
// done to it, one for the length of the text behind, and the text.
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/collector.hpp"
#include "core/preflight.hpp"
#include "core/report.hpp"
#include "core/topology.hpp"

namespace fs = std::filesystem;
using namespace lastgood;

namespace {

constexpr size_t most_changes = 40;
constexpr size_t most_lines = 20'000;

[[noreturn]] void broken(const char* what, const std::string& detail) {
    std::fprintf(stderr, "%s: %s\n", what, detail.c_str());
    std::abort();
}

struct Entry {
    std::string path;  // in the copy
    bool is_link = false;
    std::string text;  // the content, or the link's target
};

struct RecordedTree {
    std::string root;
    std::vector<Entry> entries;
};

std::string content(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void put(const Entry& entry) {
    std::error_code ignored;
    fs::remove_all(entry.path, ignored);
    if (entry.is_link)
        fs::create_symlink(entry.text, entry.path, ignored);
    else
        std::ofstream(entry.path, std::ios::binary) << entry.text;
}

constexpr const char* recorded_hosts = "tests/hosts";  // tests/fuzz runs at the top of the tree

// Copies of the recorded hosts, which each run changes and mends again.
class Trees {
  public:
    Trees() : directory_(fs::temp_directory_path() / "lastgood-sysfs-XXXXXX") {
        if (::mkdtemp(directory_.data()) == nullptr) broken("no directory", directory_);
        std::vector<fs::path> hosts;
        for (const auto& host : fs::directory_iterator(recorded_hosts))
            hosts.push_back(host.path());
        std::ranges::sort(hosts);
        for (const fs::path& host : hosts) add(host);
        if (trees.empty()) broken("no recorded hosts", recorded_hosts);
    }
    ~Trees() {
        std::error_code ignored;
        fs::remove_all(directory_, ignored);
    }
    Trees(const Trees&) = delete;
    Trees& operator=(const Trees&) = delete;

    std::vector<RecordedTree> trees;

  private:
    void add(const fs::path& host) {
        RecordedTree tree{directory_ + "/" + host.filename().string(), {}};
        fs::copy(host, tree.root, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
        for (const auto& one : fs::recursive_directory_iterator(tree.root)) {
            fs::permissions(one.path(), fs::perms::owner_all,
                            fs::perm_options::add | fs::perm_options::nofollow, ignored_);
            const std::string path = one.path().string();
            // "now" is the clock of a recorded host; a real one is never before 1970.
            if (path.find("/golden/") != path.npos || path == tree.root + "/now") continue;
            if (one.is_symlink())
                tree.entries.push_back({path, true, fs::read_symlink(one.path()).string()});
            else if (one.is_regular_file())
                tree.entries.push_back({path, false, content(one.path())});
        }
        std::ranges::sort(tree.entries, {}, &Entry::path);
        trees.push_back(std::move(tree));
    }

    std::string directory_;
    std::error_code ignored_;
};

void change(const RecordedTree& tree, const Entry& entry, uint8_t what, std::string_view text) {
    std::string now = entry.text;
    const size_t at = text.empty() ? 0 : static_cast<uint8_t>(text[0]) % (now.size() + 1);
    switch (what % 8) {
        case 0:
            now = text;
            break;
        case 1:
            now.insert(at, text);
            break;
        case 2:
            now.replace(at, text.size(), text);
            break;
        case 3:
            now.resize(at);
            break;
        case 4: {  // the text of another file
            const size_t other = at * 7 + text.size();
            now = tree.entries[other % tree.entries.size()].text;
            break;
        }
        case 5: {  // a long file
            const std::string once = now;
            for (size_t i = 0; i < at && now.size() < 60'000; ++i) now += once;
            break;
        }
        case 6:
            fs::remove_all(entry.path);
            return;
        default:
            fs::remove_all(entry.path);
            fs::create_directory(entry.path);
            return;
    }
    const bool is_target =
        entry.is_link && !now.empty() && now.size() < 4000 && now.find('\0') == now.npos;
    put({entry.path, is_target, now});
}

// The agent must accept each line, so it rejects none of a drive's facts.
void check(const Observation& one) {
    const std::string line = to_json_line({ProtocolLine::Kind::observation, one, {}, {}, {}});
    const auto parsed = parse_protocol_line(line, 0);
    if (!parsed) broken(parsed.error().message.c_str(), line);
    if (line.size() > 100'000) broken("a long line", line.substr(0, 500));
}

void run(const RecordedTree& tree) {
    const Host host(tree.root);
    const Config config;
    Report report;
    report.written_at = host.now();
    for (const char* name : {"drives", "arrays", "filesystems", "uses"}) {
        MemorySink sink;
        Context context{host, config, sink, "", "", true};
        static_cast<void>(find_collector(name)->run(context));
        if (sink.observations.size() + sink.problems.size() > most_lines)
            broken("too many lines", name);
        for (const Observation& one : sink.observations) check(one);
        std::ranges::move(sink.observations, std::back_inserter(report.observations));
    }
    const auto topology = Topology::read(host);
    if (!topology) return;
    for (const auto& [id, drive] : topology->drives) {
        if (id.empty() || drive.device.empty()) broken("a drive without a name", id);
        const Preflight result = preflight(report, id, report.written_at,
                                           [](std::string_view) { return Held::unknown; });
        if (result.verdict == PreflightVerdict::go && !result.missing.empty())
            broken("go, though something is not known", result.missing.front());
        if (result.verdict == PreflightVerdict::no_go && result.against.empty())
            broken("no go without a reason", id);
    }
}

const Trees& all() {
    static const Trees made;
    return made;
}

}  // namespace

// Before libFuzzer's timer runs: its signal would interrupt the copying.
extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
    all();
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const RecordedTree& tree = all().trees[data[0] % all().trees.size()];
    std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    std::vector<size_t> changed;
    while (rest.size() >= 4 && changed.size() < most_changes) {
        const auto byte = [&](size_t i) { return static_cast<uint8_t>(rest[i]); };
        const size_t index = (byte(0) * 256U + byte(1)) % tree.entries.size();
        const uint8_t what = byte(2);
        const size_t length = std::min<size_t>(byte(3), rest.size() - 4);
        change(tree, tree.entries[index], what, rest.substr(4, length));
        rest.remove_prefix(4 + length);
        changed.push_back(index);
    }
    run(tree);
    for (const size_t index : changed) put(tree.entries[index]);
    return 0;
}
