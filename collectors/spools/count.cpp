#include "collectors/spools/count.hpp"

#include <fcntl.h>
#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string_view>
#include <utility>

#include "core/clock.hpp"
#include "core/directory.hpp"
#include "core/glob.hpp"

namespace lastgood {

namespace {

constexpr size_t most_pattern_directories = 10'000;
constexpr unsigned clock_every = 64;  // names

// The same bits in another order for each look, so that the smallest are a random choice.
uint64_t mixed(uint64_t value, uint64_t salt) {
    value ^= salt;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return value ^ (value >> 31);
}

class Counter {
  public:
    Counter(const Host& host, const std::unordered_set<uint64_t>& watched,
            const CountLimits& limits)
        : host_(host),
          watched_(watched),
          limits_(limits),
          salt_(std::random_device()() | uint64_t{1} << 40),
          started_(monotonic_clock()) {}

    Result<SpoolCount> count(const std::string& pattern) {
        PathPattern parts = split_path_pattern(pattern);
        const bool is_pattern = std::ranges::any_of(parts.components, has_wildcard);
        if (is_pattern)
            match(parts.fixed.empty() ? "/" : parts.fixed, parts.components, 0);
        else
            walk(pattern, 0, 0);
        if (!found_) {
            if (count_.unread) return Failure(*count_.unread);
            return fail(ErrorKind::absent, fmt::format("no directory matches {}", pattern));
        }
        for (const auto& [order, name] : sample_) count_.sample.push_back(name);
        return std::move(count_);
    }

  private:
    // A part that is gone when it is opened came and went.
    void note_unread(const Error& error, bool must_be_there) {
        if (error.kind == ErrorKind::absent && !must_be_there) return;
        count_.all_names = count_.all_looked = false;
        if (!count_.unread) count_.unread = error;
    }

    // Whether there is time for another name.
    bool has_time() {
        if (clock_count_++ % clock_every != 0) return !late_;
        late_ = monotonic_clock() - started_ > limits_.for_names;
        if (late_) count_.all_names = count_.all_looked = false;
        return !late_;
    }

    // `number`: of the component that names in the directory must match.
    void match(const std::string& directory, const std::vector<std::string>& components,
               size_t number) {
        const std::string& component = components[number];
        const bool is_last = number + 1 == components.size();
        if (!has_wildcard(component)) {
            const std::string path = join(directory, component.c_str());
            return is_last ? walk(path, 0, 0) : match(path, components, number + 1);
        }
        if (component == "**" && !is_last) match(directory, components, number + 1);
        if (++directories_ > most_pattern_directories)
            return note_unread({ErrorKind::failed, fmt::format("{}: the pattern matches too many "
                                                               "directories",
                                                               directory)},
                               true);
        auto reader = DirectoryReader::open(host_, directory);
        if (!reader) return note_unread(reader.error(), number == 0);
        if (is_last) found_ = true;
        const ComponentPattern wanted(component == "**" ? "*" : component);
        while (const char* name = reader->next()) {
            if (!has_time()) return;
            if (!wanted.matches(name)) continue;
            const bool is_directory = kind_of(*reader, name) == FileKind::directory;
            if (is_directory && is_last)
                walk(join(directory, name), O_NOFOLLOW, 0);
            else if (is_directory)
                match(join(directory, name), components, component == "**" ? number : number + 1);
            else if (is_last)
                add(*reader, name);
        }
        if (reader->error()) note_unread(*reader->error(), true);
    }

    void walk(const std::string& path, int flags, size_t depth) {
        if (depth > limits_.depth)
            return note_unread({ErrorKind::failed, fmt::format("{}: more than {} directories deep",
                                                               path, limits_.depth)},
                               true);
        auto reader = DirectoryReader::open(host_, path, flags);
        if (!reader) return note_unread(reader.error(), false);
        if (!is_same_filesystem(*reader, depth)) return;
        found_ = true;
        while (const char* name = reader->next()) {
            if (!has_time()) return;
            if (name[0] == '.') continue;
            if (kind_of(*reader, name) == FileKind::directory)
                walk(join(path, name), O_NOFOLLOW, depth + 1);
            else
                add(*reader, name);
        }
        if (reader->error()) note_unread(*reader->error(), depth == 0);
    }

    bool is_same_filesystem(const DirectoryReader& reader, size_t depth) {
        const auto status = reader.status();
        if (!status) return depth == 0;
        if (depth == 0) device_ = status->device;
        return status->device == device_;
    }

    static FileKind kind_of(const DirectoryReader& reader, const char* name) {
        if (reader.kind()) return *reader.kind();
        const auto status = reader.status(name, LastLink::refuse);
        return status ? status->kind : FileKind::other;
    }

    void add(const DirectoryReader& reader, const char* name) {
        ++count_.entries;
        const uint64_t hash = name_of(name);
        if (watched_.contains(hash)) count_.present.insert(hash);
        choose(hash);
        look(reader, name);
    }

    // Keeps the names with the smallest numbers.
    void choose(uint64_t hash) {
        const std::pair one(mixed(hash, salt_), hash);
        if (sample_.size() == limits_.sample) {
            if (sample_.empty() || one >= sample_.front()) return;
            std::ranges::pop_heap(sample_);
            sample_.pop_back();
        }
        sample_.push_back(one);
        std::ranges::push_heap(sample_);
    }

    void look(const DirectoryReader& reader, const char* name) {
        if (!count_.all_looked && status_late_) return;
        if (status_count_++ % clock_every == 0 &&
            monotonic_clock() - started_ > limits_.for_status) {
            status_late_ = true;
            count_.all_looked = false;
            return;
        }
        const auto status = reader.status(name, LastLink::refuse);
        if (!status) {
            if (status.error().kind == ErrorKind::absent)
                --count_.entries;  // has left meanwhile
            else
                note_unread(status.error(), true);
            return;
        }
        count_.bytes += status->size;
        const auto keep_older = [](std::optional<Timestamp>& oldest, Timestamp time) {
            if (time > 0 && (!oldest || time < *oldest)) oldest = time;
        };
        keep_older(count_.oldest_created, status->created);
        keep_older(count_.oldest_changed, status->changed);
    }

    static std::string join(const std::string& directory, const char* name) {
        return directory + (directory.ends_with('/') ? "" : "/") + name;
    }

    const Host& host_;
    const std::unordered_set<uint64_t>& watched_;
    const CountLimits& limits_;
    const uint64_t salt_;
    const Seconds started_;
    SpoolCount count_;
    std::vector<std::pair<uint64_t, uint64_t>> sample_;  // a heap, the largest first
    uint64_t device_ = 0;
    size_t directories_ = 0;
    unsigned clock_count_ = 0, status_count_ = 0;
    bool found_ = false, late_ = false, status_late_ = false;
};

}  // namespace

uint64_t name_of(const char* entry) {
    return std::hash<std::string_view>()(entry);
}

Result<SpoolCount> count_spool(const Host& host, const std::string& pattern,
                               const std::unordered_set<uint64_t>& watched,
                               const CountLimits& limits) {
    return Counter(host, watched, limits).count(pattern);
}

}  // namespace lastgood
