#include "agent/memory/database.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

namespace lastgood::database {

const Table& table_of(StateRow::Table table) {
    for (const Table& one : tables)
        if (one.table == table) return one;
    return tables.back();
}

Failure sqlite_failure(sqlite3* database, std::string_view what) {
    return fail(ErrorKind::failed, fmt::format("{}: {}", what, sqlite3_errmsg(database)));
}

Statement prepare(sqlite3* database, const std::string& text) {
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v2(database, text.c_str(), -1, &statement, nullptr);
    return {statement, sqlite3_finalize};
}

std::optional<int64_t> number_of(sqlite3* database, const std::string& query) {
    const Statement statement = prepare(database, query);
    if (!statement || sqlite3_step(statement.get()) != SQLITE_ROW) return std::nullopt;
    return sqlite3_column_int64(statement.get(), 0);
}

bool has_table(sqlite3* database, std::string_view name) {
    return number_of(database, fmt::format("SELECT count(*) FROM sqlite_master WHERE "
                                           "type='table' AND name='{}'",
                                           name))
               .value_or(0) > 0;
}

std::string select_of(const Table& table) {
    return fmt::format("SELECT {} FROM {}", fmt::join(table.columns, ","), table.name);
}

Result<void> execute(sqlite3* database, const std::string& text) {
    if (sqlite3_exec(database, text.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
        return sqlite_failure(database, text);
    return {};
}

void bind(sqlite3_stmt* statement, int index, const std::string& text) {
    sqlite3_bind_text(statement, index, text.c_str(), static_cast<int>(text.size()),
                      SQLITE_TRANSIENT);
}

}  // namespace lastgood::database
