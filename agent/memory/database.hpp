// SQLite for the store: the tables, and short forms of its calls. Blocks as long as the disk does.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/memory/state.hpp"
#include "core/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace lastgood::database {

struct Table {
    StateRow::Table table;
    const char* name;
    std::array<const char*, 5> columns;  // three text, two numeric
};

inline constexpr auto tables = std::to_array<Table>({
    {StateRow::Table::counter, "counter", {"metric", "subject", "labels", "value", "observed_at"}},
    {StateRow::Table::remembered,
     "remembered",
     {"metric", "subject", "labels", "value", "observed_at"}},
    {StateRow::Table::history,
     "history",
     {"metric", "subject", "labels_and_time", "value", "time"}},
    {StateRow::Table::rule_since,
     "rule_since",
     {"rule", "subject", "unused", "since", "unused_number"}},
    {StateRow::Table::known, "known", {"kind", "subject", "unused", "first_seen", "last_seen"}},
    {StateRow::Table::text, "text", {"name", "subject", "value", "number", "unused_number"}},
    {StateRow::Table::accepted,
     "accepted",
     {"rule", "subject", "kind_limit_user_reason", "until", "over_since"}},
});

const Table& table_of(StateRow::Table table);
std::string select_of(const Table& table);  // all columns, in their order

// failed: `what`, and SQLite's words for the last error.
Failure sqlite_failure(sqlite3* database, std::string_view what);

using Statement = std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)>;
// nullptr: the text is wrong, or the database is not readable.
Statement prepare(sqlite3* database, const std::string& text);
Result<void> execute(sqlite3* database, const std::string& text);
void bind(sqlite3_stmt* statement, int index, const std::string& text);
// The first number that a query gives; nullopt: it fails or gives none.
std::optional<int64_t> number_of(sqlite3* database, const std::string& query);
bool has_table(sqlite3* database, std::string_view name);

}  // namespace lastgood::database
