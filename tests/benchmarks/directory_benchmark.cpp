// Compares a look at a directory of many copies with a bare loop of getdents64(2) and statx(2):
//   directory_benchmark DIRECTORY [COPIES [names|written]]
// Makes COPIES (1,000,000) empty files in the new directory. Their names have dates. "written":
// each was written when its name says; "names": all were copied there just now, so that only their
// names tell their times. Prints the ratio of processor times, and what memory the look needed.
#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/backups/find_copies.hpp"

namespace {

using namespace lastgood;

double processor_seconds() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double most_memory() {  // MB
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1000;
}

bool make_copies(const std::string& directory, size_t count, bool written) {
    constexpr time_t first = 1700000000;
    if (::mkdir(directory.c_str(), 0700) != 0) return false;
    const Descriptor open_directory(::open(directory.c_str(), O_DIRECTORY | O_CLOEXEC));
    for (size_t i = 0; i < count; ++i) {
        const time_t time = first + static_cast<time_t>(i) * 60;
        tm parts{};
        localtime_r(&time, &parts);
        char name[64];
        strftime(name, sizeof name, "db-%Y-%m-%d-%H%M%S.sql.gz", &parts);
        const Descriptor file(::openat(open_directory.get(), name, O_CREAT | O_WRONLY, 0600));
        const timespec times[2] = {{time + 5, 0}, {time + 5, 0}};
        if (file.get() < 0 || ::write(file.get(), "x", 1) != 1) return false;
        if (written && ::futimens(file.get(), times) != 0) return false;
    }
    return true;
}

size_t bare_loop(const std::string& path) {
    const Descriptor directory(::open(path.c_str(), O_DIRECTORY | O_CLOEXEC));
    std::vector<char> buffer(64 * kib);
    size_t seen = 0;
    for (;;) {
        const ssize_t filled = ::getdents64(directory.get(), buffer.data(), buffer.size());
        if (filled <= 0) return seen;
        for (ssize_t at = 0; at < filled;) {
            const auto* entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
            at += entry->d_reclen;
            struct statx status;
            constexpr unsigned wanted =
                STATX_TYPE | STATX_SIZE | STATX_MTIME | STATX_CTIME | STATX_INO;
            if (::statx(directory.get(), static_cast<const char*>(entry->d_name),
                        AT_SYMLINK_NOFOLLOW, wanted, &status) == 0)
                ++seen;
        }
    }
}

template <class Work>
double best_of(int times, const Work& work) {
    double best = 1e9;
    for (int i = 0; i < times; ++i) {
        const double start = processor_seconds();
        work();
        best = std::min(best, processor_seconds() - start);
    }
    return best;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    const std::string directory = argv[1];
    const size_t count = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1'000'000;
    const bool written = argc <= 3 || std::string_view(argv[3]) != "names";
    if (!make_copies(directory, count, written)) return 1;
    const Host host("/");
    Backup backup;
    backup.kind = BackupKind::files;
    backup.location = directory + "/db-*.sql.gz";
    backup.settle_time = 0;
    const double memory = most_memory();
    const double bare = best_of(3, [&] { bare_loop(directory); });
    const double look = best_of(3, [&] {
        backup.settle_time -= 1;  // another question: nothing is known of its answer
        const auto found = find_copies(host, backup);
        if (!found || found->streams.empty() ||
            found->streams.begin()->second.count() != static_cast<double>(count))
            std::exit(1);
    });
    ::sleep(3);  // a directory that changed just now is read again
    static_cast<void>(find_copies(host, backup));
    const uint64_t before = names_read();
    const double unchanged = best_of(3, [&] { static_cast<void>(find_copies(host, backup)); });
    fmt::print(
        "{{\"copies\": {}, \"bare_seconds\": {:.4f}, \"look_seconds\": {:.4f}, "
        "\"ratio\": {:.3f}, \"memory_megabytes\": {:.1f}, \"unchanged_seconds\": {:.6f}, "
        "\"unchanged_names_read\": {}}}\n",
        count, bare, look, look / bare, most_memory() - memory, unchanged, names_read() - before);
}
