#include "collectors/backups/parse/promised_content.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr std::string_view compressions[] = {".gz", ".zst", ".xz", ".bz2"};

bool take_ending(std::string_view& name, std::string_view ending) {
    if (!name.ends_with(ending)) return false;
    name.remove_suffix(ending.size());
    return true;
}

bool is_packed(std::string_view head) {
    return head.starts_with("\x1F\x8B\x08") ||
           head.starts_with(
               "\xFD"
               "7zXZ") ||
           head.starts_with("BZh") || head.starts_with("\x28\xB5\x2F\xFD");
}

bool is_text(std::string_view head) {
    return std::ranges::all_of(head, [](char c) {
        return static_cast<unsigned char>(c) >= ' ' || c == '\n' || c == '\r' || c == '\t';
    });
}

// A statement or a comment of SQL, at the beginning of a line. Dumps made with --compact or
// --skip-comments have no other mark.
bool has_sql(std::string_view head) {
    while (!head.empty()) {
        const std::string_view line = trim(take_line(head));
        if (line.starts_with('<')) return false;  // a page of HTML, with its style sheets
        for (const std::string_view start :
             {"-- ",       "/*",        "CREATE ",   "create ", "INSERT ",    "insert ",
              "DROP ",     "drop ",     "ALTER ",    "alter ",  "SET ",       "BEGIN",
              "COPY ",     "USE ",      "SELECT ",   "select ", "LOCK ",      "PRAGMA ",
              "REPLACE ",  "DELETE ",   "TRUNCATE ", "GRANT ",  "DELIMITER ", "START TRANSACTION",
              "\\connect", "\\restrict"})
            if (line.starts_with(start)) return true;
    }
    return false;
}

std::string_view broken(std::string_view name, std::string_view head) {
    if (name.ends_with(".sql") && !has_sql(head)) return "it is named .sql, and holds no SQL";
    if (name.ends_with(".tar")) return "it is named .tar, and is no tar archive";
    if (name.ends_with(".dump") && is_text(head) && !has_sql(head))
        return "it is named .dump, and holds a text that is no dump";
    return {};
}

}  // namespace

std::string_view broken_promise(std::string_view name, std::string_view head) {
    if (name.ends_with(".tgz")) return "it is named .tgz, and is not compressed by gzip";
    for (const std::string_view ending : compressions)
        if (name.ends_with(ending)) return "it is named as if it were compressed, and is not";
    return broken(name, head);
}

std::string_view broken_promise_within(std::string_view name, std::string_view head) {
    if (is_packed(head))
        return "it is compressed twice, so that the end of what is in it was not seen";
    if (name.ends_with(".tgz")) return "it is named .tgz, and there is no tar archive in it";
    for (const std::string_view ending : compressions)
        if (take_ending(name, ending)) break;
    return broken(name, head);
}

}  // namespace lastgood
