// Shell patterns for paths: `*`, `?` and `[…]` within a component; the component `**` stands for
// any number of directories. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lastgood {

// Whether a pattern as in glob(7) matches one path component (without '/'): `*` any text, `?` one
// byte, `[a-z]` and `[[:digit:]]` one of, `[!a-z]` none of, `\` takes the next byte literally. As
// in a shell, only a literal dot matches a leading dot. This is fnmatch(3): lastgood never leaves
// the C locale, so names need not be UTF-8.
bool matches_component(const std::string& pattern, const std::string& name);

// A pattern as above, made ready to be compared with very many names.
class ComponentPattern {
  public:
    explicit ComponentPattern(std::string pattern);
    bool matches(const char* name) const;

  private:
    std::string pattern_;
    // The texts between the stars of a pattern that has no other wildcard.
    std::vector<std::string> texts_;
    bool only_stars_ = true;
};

bool has_wildcard(std::string_view component);

// A message for the administrator if the pattern can match nothing that was meant: a [ that is
// never closed, a \ with nothing behind it. "": it is valid.
std::string_view what_is_wrong_with_path_pattern(std::string_view pattern);

struct PathPattern {
    std::string fixed;                    // the directories before the first wildcard, "/backup/db"
    std::vector<std::string> components;  // the rest, at least one
};

// Splits an absolute pattern. A path without a wildcard has its last component in `components`.
PathPattern split_path_pattern(std::string_view pattern);

}  // namespace lastgood
