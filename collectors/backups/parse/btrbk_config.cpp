// btrbk.conf. Source: btrbk.conf(5), 0.32: "volume", "subvolume" and "target" begin sections; what
// is set in one counts for those in it that follow.
#include <algorithm>
#include <map>

#include "collectors/backups/parse/tool_job.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t most_subvolumes = 1000;
constexpr size_t most_targets = 100;  // of one subvolume

struct Section {
    std::string path;
    std::string snapshot_directory;
    std::vector<std::string> targets;  // that snapshots are sent to
};

// Without the comment and the quotes.
std::vector<std::string> fields_of(std::string_view line) {
    std::vector<std::string> fields;
    for (line = trim_start(line); !line.empty() && line.front() != '#'; line = trim_start(line)) {
        const char quote = line.front();
        if (quote == '"' || quote == '\'') {
            line.remove_prefix(1);
            fields.emplace_back(take_until(line, quote));
            continue;
        }
        const size_t length = std::min(line.find_first_of(" \t\r#"), line.size());
        fields.emplace_back(line.substr(0, length));
        line.remove_prefix(length);
    }
    return fields;
}

std::string below(std::string_view directory, std::string_view path) {
    path = without_trailing_slashes(path);
    if (path.starts_with('/') || directory.empty()) return std::string(path);
    if (path.empty() || path == ".") return std::string(directory);
    return std::string(directory) + "/" + std::string(path);
}

class Reader {
  public:
    void read(std::string_view line);
    std::vector<ToolJob> jobs();

  private:
    void end_subvolume();
    Section& current() { return in_subvolume_ ? subvolume_ : in_volume_ ? volume_ : global_; }

    Section global_, volume_, subvolume_;
    bool in_volume_ = false;
    bool in_subvolume_ = false;
    std::vector<Section> subvolumes_;
};

void Reader::end_subvolume() {
    if (in_subvolume_ && subvolumes_.size() < most_subvolumes)
        subvolumes_.push_back(std::move(subvolume_));
    in_subvolume_ = false;
}

void Reader::read(std::string_view line) {
    const auto fields = fields_of(line);
    if (fields.size() < 2) return;
    const std::string& key = fields[0];
    if (key == "volume") {
        end_subvolume();
        volume_ = global_;
        volume_.path = without_trailing_slashes(fields[1]);
        in_volume_ = true;
    } else if (key == "subvolume") {
        end_subvolume();
        subvolume_ = in_volume_ ? volume_ : global_;
        subvolume_.path = below(subvolume_.path, fields[1]);
        in_subvolume_ = true;
    } else if (key == "target") {
        const bool has_type = fields.size() > 2;
        if (has_type && fields[1] != "send-receive") return;  // raw: a file
        auto& targets = current().targets;
        if (targets.size() < most_targets)
            targets.emplace_back(without_trailing_slashes(fields[has_type ? 2 : 1]));
    } else if (key == "snapshot_dir") {
        current().snapshot_directory = fields[1];
    }
    // The directory is relative to the volume.
    if (in_volume_) {
        Section& section = current();
        if (!section.snapshot_directory.empty())
            section.snapshot_directory = below(volume_.path, section.snapshot_directory);
    }
}

bool is_here(std::string_view path) {
    return path.starts_with('/');
}

std::vector<ToolJob> Reader::jobs() {
    end_subvolume();
    std::map<std::string, ToolJob> jobs;  // by directory
    const auto add = [&](const std::string& directory, const Section& source, const char* remark) {
        ToolJob& job = jobs[directory];
        job.kind = BackupKind::btrbk;
        job.tool = "btrbk";
        job.location = directory;
        const bool plain = source.path.find_first_of("*?[") == source.path.npos;
        if (plain && !contains(job.covers, source.path)) job.covers.push_back(source.path);
        for (const std::string_view text :
             {std::string_view(remark),
              std::string_view(plain ? ""
                                     : "It takes more subvolumes than covers names: a pattern.")})
            if (!text.empty() && !contains(job.remarks, text)) job.remarks.emplace_back(text);
    };
    for (const Section& one : subvolumes_) {
        if (!is_here(one.path)) continue;  // of another host
        bool copied_here = false;
        bool copied_elsewhere = false;
        for (const std::string& target : one.targets) {
            (is_here(target) ? copied_here : copied_elsewhere) = true;
            if (is_here(target)) add(target, one, "");
        }
        if (copied_here || !is_here(one.snapshot_directory)) continue;
        add(one.snapshot_directory, one,
            copied_elsewhere
                ? "These are the snapshots beside their source; of the copies on another host "
                  "nothing is read here."
                : "btrbk.conf names no target: these snapshots lie on the filesystem of their "
                  "source, and go with its drive.");
    }
    std::vector<ToolJob> found;
    found.reserve(jobs.size());
    for (auto& [directory, job] : jobs) found.push_back(std::move(job));
    return found;
}

}  // namespace

std::vector<ToolJob> parse_btrbk_config(std::string_view text) {
    if (!is_told(text)) return {};  // a binary file
    Reader reader;
    while (!text.empty()) reader.read(take_line(text));
    return reader.jobs();
}

}  // namespace lastgood
