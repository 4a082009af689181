// Whether a copy of a database is what the database's own tool wrote, or its files. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lastgood {

enum class Content { files, database, unknown };

// Bytes of a file's beginning that content_by_head() needs: a header of tar.
inline constexpr size_t copy_head_size = 512;

// By the ending of a name or of a pattern: "db-*.sql.gz". Archives are unknown.
Content content_by_name(std::string_view name);
// By its first bytes: SQL, pg_dump's custom format, Redis, SQLite, and the first name in a tar.
Content content_by_head(std::string_view head);
// By the names in a directory.
Content content_by_names(const std::vector<std::string>& names);

}  // namespace lastgood
