#include "collectors/backups/counted_files.hpp"

#include <fcntl.h>
#include <fmt/core.h>

#include <algorithm>

#include "core/directory.hpp"
#include "core/json_value.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr const char* section = "counted_files";
constexpr Seconds counting_time = 10;       // of one look
constexpr Seconds one_directory_time = 20;  // more, for the names of one
constexpr Seconds count_again = 7 * 86400;  // what was whole
constexpr Seconds arriving = 600;           // after the last change
constexpr Seconds look_again = 600;         // what was not: the rest may arrive
constexpr int deepest = 200;

// How far a walk has come.
struct Progress {
    double bytes = 0, entries = 0;
    Timestamp changed = 0;  // the newest
    // The last directory whose names are counted, relative to the top. Directories are taken in the
    // order of their names, each before those in it.
    std::string at;
    bool begun = false;
};

enum class Step { done, out_of_time, unreadable };

class Walk {
  public:
    Walk(const Host& host, const PromisedFiles& what, Progress& progress, Seconds give_up_at)
        : host_(host),
          what_(what),
          progress_(progress),
          stopped_at_(progress.at),
          skipping_(progress.begun),
          give_up_at_(give_up_at) {}

    Step go_on() { return visit("", 0); }

  private:
    Step visit(const std::string& relative, int depth);
    Step count(DirectoryReader& reader, bool is_top, bool counted,
               std::vector<std::string>& directories);

    const Host& host_;
    const PromisedFiles& what_;
    Progress& progress_;
    std::string stopped_at_;
    bool skipping_;  // on the way to where the walk before stopped
    Seconds give_up_at_;
};

Step Walk::count(DirectoryReader& reader, bool is_top, bool counted,
                 std::vector<std::string>& directories) {
    double bytes = 0, entries = 1;
    Timestamp changed = 0;
    if (const auto own = reader.status()) changed = own->changed;
    size_t names = 0;
    while (const char* name = reader.next()) {
        if (is_top && contains(what_.left_out, std::string(name))) continue;
        if (++names % 256 == 0 && host_.monotonic() > give_up_at_ + one_directory_time)
            return Step::out_of_time;
        if (reader.kind() == FileKind::directory) {
            directories.emplace_back(name);
            continue;
        }
        if (counted && reader.kind()) continue;
        const auto status = reader.status(name, LastLink::refuse);
        if (!status && status.error().kind != ErrorKind::absent) return Step::unreadable;
        if (!status) continue;
        if (status->kind == FileKind::directory) {
            directories.emplace_back(name);
            continue;
        }
        entries += 1;
        changed = std::max(changed, status->changed);
        if (status->kind == FileKind::regular) bytes += status->size;
    }
    if (reader.error()) return Step::unreadable;
    if (counted) return Step::done;
    progress_.bytes += bytes;
    progress_.entries += entries;
    progress_.changed = std::max(progress_.changed, changed);
    return Step::done;
}

Step Walk::visit(const std::string& relative, int depth) {
    if (depth > deepest) return Step::unreadable;
    const bool counted = skipping_;
    if (skipping_ && relative == stopped_at_) skipping_ = false;
    if (!counted && host_.monotonic() > give_up_at_) return Step::out_of_time;
    const std::string path = relative.empty() ? what_.directory : what_.directory + "/" + relative;
    std::vector<std::string> directories;
    {
        auto reader = DirectoryReader::open(host_, path, O_NOFOLLOW);
        if (!reader && reader.error().kind == ErrorKind::absent) return Step::done;
        if (!reader) return Step::unreadable;
        if (const Step step = count(*reader, relative.empty(), counted, directories);
            step != Step::done)
            return step;
    }
    if (!counted) {
        progress_.at = relative;
        progress_.begun = true;
    }
    std::ranges::sort(directories);
    for (const std::string& name : directories) {
        const std::string inner = relative.empty() ? name : relative + "/" + name;
        if (skipping_ && !lies_below("/" + stopped_at_, "/" + inner)) {
            std::string_view next =
                std::string_view(stopped_at_).substr(relative.empty() ? 0 : relative.size() + 1);
            if (name < take_until(next, '/')) continue;
            skipping_ = false;  // where it stopped is gone
        }
        if (const Step step = visit(inner, depth + 1); step != Step::done) return step;
    }
    return Step::done;
}

Progress progress_in(const nlohmann::json& known) {
    return {number_in(known, "bytes").value_or(0), number_in(known, "entries").value_or(0),
            number_in(known, "changed").value_or(0), text_in(known, "at"), known.contains("at")};
}

void note(nlohmann::json& known, const Progress& progress) {
    known["bytes"] = progress.bytes;
    known["entries"] = progress.entries;
    known["changed"] = progress.changed;
    known["at"] = progress.at;
}

void forget_progress(nlohmann::json& known) {
    for (const char* key : {"bytes", "entries", "changed", "at"}) known.erase(key);
}

// Within `duration` before `now`: not in a future that a wrong clock told.
bool is_since(std::optional<double> time, Seconds duration, Timestamp now) {
    return time && *time <= now && now - *time < duration;
}

}  // namespace

FileCounter::FileCounter(const Host& host, LookMemory* memory)
    : host_(host),
      memory_(memory),
      before_(memory != nullptr ? memory->section(section)
                                : nlohmann::json(nlohmann::json::object())),
      after_(nlohmann::json::object()),
      give_up_at_(host.monotonic() + counting_time) {}

FileCounter::~FileCounter() {
    if (memory_ != nullptr && (!after_.empty() || !before_.empty()))
        memory_->keep(section, std::move(after_));
}

CountedFiles FileCounter::count(const PromisedFiles& promised) {
    const auto status = host_.status(promised.directory, false);
    if (!status) return {};
    const std::string identity =
        fmt::format("{} {:.9f} {:.0f} {:.0f} {}", status->inode, status->changed, promised.bytes,
                    promised.entries, promised.version);
    nlohmann::json known = value_in(before_, promised.name.c_str());
    if (!known.is_object() || text_in(known, "id") != identity) known = {{"id", identity}};
    CountedFiles counted = go_on(promised, known);
    after_[promised.name] = std::move(known);
    return counted;
}

CountedFiles FileCounter::go_on(const PromisedFiles& promised, nlohmann::json& known) {
    const Timestamp now = host_.now();
    const bool was_whole = number_in(known, "whole").has_value();
    CountedFiles counted{was_whole ? FilesThere::all : FilesThere::unknown};
    if (is_since(number_in(known, "whole"), count_again, now)) return counted;
    if (is_since(number_in(known, "some"), look_again, now))
        return {flag_in(known, "arriving") ? FilesThere::unknown : FilesThere::some,
                number_in(known, "bytes").value_or(0), number_in(known, "entries").value_or(0)};
    if (known.contains("some")) known = {{"id", text_in(known, "id")}};
    if (host_.monotonic() > give_up_at_) return counted;

    Progress progress = progress_in(known);
    const Step step = Walk(host_, promised, progress, give_up_at_).go_on();
    counted.bytes = progress.bytes;
    counted.entries = progress.entries;
    if (progress.bytes >= promised.bytes && progress.entries >= promised.entries) {
        forget_progress(known);
        known["whole"] = now;
        counted.there = FilesThere::all;
    } else if (step == Step::done) {
        known.erase("whole");
        note(known, progress);
        known["some"] = now;
        known["arriving"] = is_since(progress.changed, arriving, now);
        counted.there = flag_in(known, "arriving") ? FilesThere::unknown : FilesThere::some;
    } else if (step == Step::unreadable) {
        forget_progress(known);
    } else if (progress.begun) {
        note(known, progress);
    }
    return counted;
}

std::string what_is_missing(const PromisedFiles& promised, const CountedFiles& counted) {
    std::string text = "files are missing: it has";
    if (promised.entries > 0)
        text += fmt::format(" {:.0f} of {:.0f} names", counted.entries, promised.entries);
    if (promised.bytes > 0)
        text += fmt::format("{} {:.0f} of {:.0f} bytes", promised.entries > 0 ? " and" : "",
                            counted.bytes, promised.bytes);
    return text;
}

}  // namespace lastgood
