// The tables of the status screen: one row for each drive, array, filesystem, backup.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/facts.hpp"
#include "exporters/status/text.hpp"

namespace lastgood {

struct Row {
    std::vector<Cell> cells;
    bool plain = false;  // fine and nothing to remark: may be folded with others
};

struct Table {
    std::vector<Cell> header;
    std::vector<Row> rows;         // worst first
    std::vector<size_t> flexible;  // columns that may be cut
    std::string folded;            // in place of the plain rows: "24 drives, all fine: 31 to 38 C"
    bool fold = false;

    size_t plain_rows() const;
    size_t foldable() const;  // lines that folding would save
    size_t lines() const;     // with the header; 0 without rows
    std::vector<std::string> format(size_t width, bool colour) const;
};

struct TableContext {
    const Facts& facts;
    Timestamp now = 0;
    bool past = false;  // the report is old: nothing in it is green
};

Table drive_table(const TableContext& context);
Table array_table(const TableContext& context);
Table filesystem_table(const TableContext& context);
Table backup_table(const TableContext& context);

// What stands in a drive's first column when no finding speaks of it.
enum class DriveState { fine, failed, gone, not_answering, no_health_data, asleep, not_read };
DriveState drive_state(const Subject& drive);

Colour colour_of(Severity severity);

}  // namespace lastgood
