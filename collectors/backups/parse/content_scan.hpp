// Reads the whole content of a dump or an archive once, for what its ends cannot tell. Keeps a few
// hundred bytes. Pure; not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace lastgood {

inline constexpr std::string_view dump_unfinished =
    "a closing line is missing: of the dumps in it, one did not finish";

// Dumps of SQL, one or several in one file: each begins with a heading of its tool and, if it
// finished, ends with a closing line (pg_dump and pg_dumpall 8 to 18, mysqldump, mariadb-dump).
class SqlDumps {
  public:
    void feed(std::string_view content);
    // Whether a dump has no closing line. Ask after all content.
    bool unfinished() const;

  private:
    void take(std::string_view line);
    std::string line_;    // of the line that is not yet read whole, its beginning and its end
    std::string before_;  // the end of the line before, unless that was a heading
    struct Counts {
        uint64_t headings = 0, closings = 0;
    };
    std::array<Counts, 3> counts_{};
};

inline constexpr std::string_view no_file_within =
    "the archive holds no file: what was archived was empty, or a link";

// The members of a tar archive (POSIX ustar, GNU), up to the first file.
class TarMembers {
  public:
    void feed(std::string_view content);
    // Whether more content can change the answer below.
    bool decided() const { return decided_; }
    // An archive that ends without a file: of directories and symbolic links alone, or of nothing.
    bool no_file() const { return decided_ && !has_file_; }

  private:
    void take_header();
    std::string header_;
    uint64_t skip_ = 0;
    bool decided_ = false, has_file_ = false;
};

class ContentScan {
  public:
    void feed(std::string_view content) {
        dumps_.feed(content);
        members_.feed(content);
    }
    const TarMembers& members() const { return members_; }
    // Why the content is no whole copy, whatever its ends say; empty: this found nothing. Ask after
    // all content.
    std::string_view fault() const;

  private:
    SqlDumps dumps_;
    TarMembers members_;
};

}  // namespace lastgood
