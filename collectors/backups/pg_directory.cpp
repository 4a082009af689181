#include "collectors/backups/pg_directory.hpp"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <optional>
#include <set>
#include <vector>

#include "collectors/backups/parse/pg_lists.hpp"
#include "collectors/backups/wal.hpp"
#include "core/descriptor.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace lastgood {

namespace {

constexpr Seconds unpacking_time = 5;  // for all files of one copy
constexpr double block = 512;          // of tar
constexpr double smallest_wal = 1024.0 * 1024;

ProbeResult verdict(Completeness state, std::string reason) {
    return {false, state, "directory", std::move(reason), false};
}
ProbeResult incomplete(std::string reason) {
    return verdict(Completeness::incomplete, std::move(reason));
}
ProbeResult cannot_tell(std::string reason) {
    return verdict(Completeness::unknown, std::move(reason));
}

// A file that is open, to read it piece by piece.
class OpenFile {
  public:
    static Result<OpenFile> open(const Host& host, const std::string& path) {
        auto opened = host.open_file(path, LastLink::refuse);
        if (!opened) return Failure(opened.error());
        struct stat status {};
        Descriptor file(*opened);
        if (::fstat(file.get(), &status) != 0)
            return fail(ErrorKind::failed, fmt::format("{}: {}", path, errno_text(errno)));
        return OpenFile(std::move(file), static_cast<uint64_t>(status.st_size));
    }
    uint64_t size() const { return size_; }
    bool failed() const { return failed_; }
    std::string read(uint64_t offset, size_t length) {
        std::string bytes(length, '\0');
        size_t got = 0;
        while (got < length) {
            const ssize_t count = ::pread(file_.get(), bytes.data() + got, length - got,
                                          static_cast<off_t>(offset + got));
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) failed_ = true;
            if (count <= 0) break;
            got += static_cast<size_t>(count);
        }
        bytes.resize(got);
        return bytes;
    }

  private:
    OpenFile(Descriptor file, uint64_t size) : file_(std::move(file)), size_(size) {}
    Descriptor file_;
    uint64_t size_;
    bool failed_ = false;
};

// Gathers the first thing that is wrong with the files of one copy.
class Parts {
  public:
    Parts(const Host& host, std::string path, Depth depth, Seconds give_up_at)
        : host_(host), path_(std::move(path)), depth_(depth), give_up_at_(give_up_at) {}

    // The file with this name, or packed: with a suffix.
    std::optional<std::string> find(const std::string& name) {
        if (!names_) {
            auto listed = host_.list(path_);
            if (!listed) unreadable_ = listed.error().message;
            names_ = listed ? std::move(*listed) : std::vector<std::string>();
        }
        // They are sorted; what begins with the name may also be "NAME-other".
        for (auto one = std::ranges::lower_bound(*names_, name);
             one != names_->end() && one->starts_with(name); ++one)
            if (one->size() == name.size() ||
                ((*one)[name.size()] == '.' && !one->ends_with(".tmp")))
                return *one;
        return std::nullopt;
    }
    bool has_time() const { return host_.monotonic() < give_up_at_; }
    // The ends of a file that is there; keeps it to be unpacked.
    std::string wrong_with_ends(const std::string& name) {
        const auto probed = probe_file(host_, path_ + "/" + name, Depth::ends, give_up_at_);
        if (!probed && probed.error().kind == ErrorKind::absent) return name + " is missing";
        if (!probed) unreadable_ = probed.error().message;
        if (!probed) return "";
        if (probed->state == Completeness::incomplete)
            return fmt::format("{}: {}", harmless(name), probed->reason);
        if (is_compression(probed->format)) packed_.push_back(name);
        return "";
    }
    // What is wrong with the content of packed files, as far as there is time.
    std::string wrong_within() const {
        if (depth_ != Depth::whole) return "";
        const Seconds until = std::min(give_up_at_, host_.monotonic() + unpacking_time);
        for (const std::string& name : packed_) {
            if (host_.monotonic() > until) return "";
            const auto probed = probe_file(host_, path_ + "/" + name, Depth::whole, until);
            if (probed && probed->state == Completeness::incomplete)
                return fmt::format("{}: {}", harmless(name), probed->reason);
        }
        return "";
    }
    std::optional<double> size(const std::string& name) const {
        const auto status = host_.status(path_ + "/" + name, false);
        if (!status || status->kind != FileKind::regular) return std::nullopt;
        return status->size;
    }
    const std::string& unreadable() const { return unreadable_; }
    const std::string& path() const { return path_; }
    const Host& host() const { return host_; }

  private:
    const Host& host_;
    std::string path_;
    Depth depth_;
    Seconds give_up_at_;
    std::optional<std::vector<std::string>> names_;
    std::vector<std::string> packed_;
    std::string unreadable_;
};

// pg_dump ends the data of a table with an empty line, whether COPY or INSERT; large objects are
// as they are, also empty.
std::string wrong_with_data(Parts& parts, const std::string& name, const std::string& file) {
    const bool is_large_object = name.starts_with("blob_");
    const auto size = parts.size(file);
    if (size == 0 && !is_large_object) return file + " is empty";
    if (file != name) return parts.wrong_with_ends(file);
    if (is_large_object || !name.ends_with(".dat")) return "";
    auto opened = OpenFile::open(parts.host(), parts.path() + "/" + file);
    if (!opened) return "";
    const std::string end = opened->size() < 2 ? "" : opened->read(opened->size() - 2, 2);
    return opened->failed() || end == "\n\n" ? "" : file + " is cut";
}

// "16396 blob_16396.dat" in each line.
std::vector<std::string> large_objects(const Host& host, const std::string& list) {
    std::vector<std::string> names;
    const auto text = host.read(list, 16 * mib, LastLink::refuse);
    if (!text) return names;
    for (std::string_view rest = *text; !rest.empty();) {
        const auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        const auto name = line.substr(std::min(line.size(), line.find(' ') + 1));
        if (name.starts_with("blob_") && name.find('/') == std::string_view::npos)
            names.emplace_back(name);
    }
    return names;
}

std::string tar_of(std::string_view path) {
    constexpr std::string_view tablespaces = "pg_tblspc/";
    if (!path.starts_with(tablespaces)) return "base.tar";
    path.remove_prefix(tablespaces.size());
    return std::string(path.substr(0, path.find('/'))) + ".tar";
}

bool has_wal(const Host& host, const std::string& path) {
    const auto names = host.list(path + "/pg_wal");
    return names && std::ranges::any_of(
                        *names, [](const std::string& name) { return is_wal_segment(name); });
}

// What the manifest asks for, and what was found of it.
struct Listed {
    std::string wrong;  // the first file that is missing or has another size
    std::string doubt;
    std::set<std::string> tars;
    double base_size = 0;  // of base.tar at least
};

// pg_basebackup itself writes to postgresql.auto.conf (-R); a tablespace may be put elsewhere.
void look_for(const Parts& parts, const PgListedFile& file, Listed& listed) {
    if (file.path == "postgresql.auto.conf") return;
    const auto size = parts.size(file.path);
    if (size == file.size) return;
    if (!size && file.path.starts_with("pg_tblspc/"))
        listed.doubt = harmless(file.path) + ", of a tablespace, is not found";
    else if (!size)
        listed.wrong = harmless(file.path) + ", which backup_manifest names, is missing";
    else
        listed.wrong = fmt::format("{} has {:.0f} bytes, of {:.0f} that backup_manifest names",
                                   harmless(file.path), *size, file.size);
}

ProbeResult judge_tars(Parts& parts, const Listed& listed) {
    bool has_wal = false;
    auto tars = listed.tars;
    tars.insert({"base.tar", "pg_wal.tar"});
    for (const std::string& tar : tars) {
        const auto file = parts.find(tar);
        if (!file && tar == "pg_wal.tar") continue;
        if (!file) return incomplete(tar + " is missing");
        const auto size = parts.size(*file);
        if (size == 0) return incomplete(*file + " is empty");
        if (*file == "base.tar" && size && *size < listed.base_size)
            return incomplete("base.tar is smaller than the files in it");
        if (*file == "base.tar" && size && *size >= listed.base_size + smallest_wal)
            has_wal = true;  // -X fetch
        if (tar == "pg_wal.tar") has_wal = true;
        if (auto wrong = parts.wrong_with_ends(*file); !wrong.empty()) return incomplete(wrong);
    }
    if (auto wrong = parts.wrong_within(); !wrong.empty()) return incomplete(wrong);
    if (!parts.unreadable().empty()) return cannot_tell(parts.unreadable());
    if (!has_wal)
        return cannot_tell(
            "its WAL (pg_wal.tar) is not beside it; if it was made with -X fetch or "
            "-X none, name the job's unit with systemd");
    return verdict(Completeness::complete, "");
}

}  // namespace

ProbeResult judge_pg_dump(const Host& host, const std::string& path, Depth depth,
                          Seconds give_up_at) {
    auto toc = OpenFile::open(host, path + "/toc.dat");
    if (!toc) return cannot_tell(toc.error().message);
    auto contents = read_pg_contents(
        toc->size(), [&](uint64_t offset, size_t length) { return toc->read(offset, length); });
    if (toc->failed()) return cannot_tell("toc.dat could not be read");
    if (contents.verdict.state != Completeness::complete)
        return verdict(contents.verdict.state, std::string(contents.verdict.reason));
    Parts parts(host, path, depth, give_up_at);
    for (size_t i = 0; i < contents.files.size(); ++i) {
        if (!parts.has_time()) return cannot_tell("no time was left to look at all of its files");
        const std::string name = contents.files[i];
        const auto file = parts.find(name);
        if (!file && parts.unreadable().empty())
            return incomplete(name + ", which toc.dat names, is missing");
        if (!file) break;
        if (auto wrong = wrong_with_data(parts, name, *file); !wrong.empty())
            return incomplete(wrong);
        if (name.ends_with(".toc"))
            for (std::string& object : large_objects(host, path + "/" + *file))
                contents.files.push_back(std::move(object));
    }
    if (auto wrong = parts.wrong_within(); !wrong.empty()) return incomplete(wrong);
    if (!parts.unreadable().empty()) return cannot_tell(parts.unreadable());
    return verdict(Completeness::complete, "");
}

ProbeResult judge_pg_basebackup(const Host& host, const std::string& path, Depth depth,
                                Seconds give_up_at) {
    auto manifest = OpenFile::open(host, path + "/backup_manifest");
    if (!manifest) return cannot_tell(manifest.error().message);
    Parts parts(host, path, depth, give_up_at);
    const bool is_plain = !parts.find("base.tar") && parts.find("PG_VERSION");
    Listed listed;
    size_t files = 0;
    const auto end = read_pg_manifest(
        manifest->size(),
        [&](uint64_t offset, size_t length) { return manifest->read(offset, length); },
        [&](const PgListedFile& file) {
            if (is_plain) look_for(parts, file, listed);
            const std::string tar = tar_of(file.path);
            if (!is_plain && listed.tars.size() < 1000) listed.tars.insert(tar);
            if (tar == "base.tar") listed.base_size += block + std::ceil(file.size / block) * block;
            return listed.wrong.empty() && (++files % 100 != 0 || parts.has_time());
        });
    if (manifest->failed()) return cannot_tell("backup_manifest could not be read");
    if (!listed.wrong.empty()) return incomplete(listed.wrong);
    if (end == PgManifestEnd::cut) return incomplete("its backup_manifest is cut");
    if (end == PgManifestEnd::not_understood)
        return cannot_tell("its backup_manifest is not understood");
    if (end == PgManifestEnd::stopped)
        return cannot_tell("no time was left to look at all of its files");
    if (!is_plain) return judge_tars(parts, listed);
    if (!listed.doubt.empty()) return cannot_tell(listed.doubt);
    if (!has_wal(host, path))
        return cannot_tell(
            "it has no WAL in pg_wal; if it was made with -X none, name the job's "
            "unit with systemd");
    return verdict(Completeness::complete, "");
}

}  // namespace lastgood
