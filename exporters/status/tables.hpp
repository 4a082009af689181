// The tables of the status screen: one row for each drive, array, filesystem or backup. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/facts.hpp"
#include "exporters/status/text.hpp"

namespace lastgood {

struct Row {
    std::vector<Cell> cells;
    bool plain = false;  // fine and without remarks: may be folded with other such rows
};

struct Table {
    std::vector<Cell> header;
    std::vector<Row> rows;         // worst first
    std::vector<size_t> flexible;  // indexes of columns that may be cut
    std::string folded;            // replaces the plain rows: "24 drives, all fine: 31 to 38 C"
    bool fold = false;             // format() folds the plain rows

    size_t plain_rows() const;
    size_t foldable() const;  // lines that folding would save
    size_t lines() const;     // lines that format() returns, with the header; 0 without rows
    // Lines of at most `width` columns, unless the flexible columns cannot be cut that far.
    std::vector<std::string> format(size_t width, bool colour) const;
};

struct TableContext {
    const Facts& facts;
    Timestamp now = 0;
    bool past = false;  // the report is old: nothing is shown in green
};

Table drive_table(const TableContext& context);
Table array_table(const TableContext& context);
Table filesystem_table(const TableContext& context);
Table backup_table(const TableContext& context);

// The state that a drive's row shows if there is no finding about the drive.
enum class DriveState { fine, failed, gone, not_answering, no_health_data, asleep, not_read };
DriveState drive_state(const Subject& drive);

Colour colour_of(Severity severity);

}  // namespace lastgood
