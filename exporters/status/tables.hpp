// The tables of the status screen: one row for each drive, array, filesystem, piece of data,
// backup, spool or probe. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/judgement.hpp"
#include "exporters/status/text.hpp"

namespace lastgood {

struct Row {
    std::vector<Cell> cells;
    bool plain = false;  // fine and without remarks: may be folded with other such rows
};

struct Table {
    std::vector<Cell> header;
    std::vector<Row> rows;       // worst first
    std::vector<FitStep> steps;  // how it becomes narrower; see TableLayout
    std::string folded;          // replaces the plain rows: "24 drives, all fine: 31 to 38 C"
    bool fold = false;           // format() folds the plain rows

    size_t plain_rows() const;
    size_t foldable() const;  // lines that folding would save
    size_t lines() const;     // lines that format() returns if it is wide enough; 0 without rows
    // Lines of at most `width` columns, unless a single word is wider.
    std::vector<std::string> format(size_t width, bool colour) const;
};

struct TableContext {
    const Judge& judge;
    bool past = false;  // the report is old: nothing is shown in green
};

Table drive_table(const TableContext& context);
Table array_table(const TableContext& context);
Table filesystem_table(const TableContext& context);
Table data_table(const TableContext& context);
Table backup_table(const TableContext& context);
Table spool_table(const TableContext& context);
Table probe_table(const TableContext& context);

// The state of a subject in one word: "fine", "warning", "CRITICAL", "unknown", of drives also
// "asleep", "no data", "gone", "FAILED", "not read", and "VITAL": nothing is wrong with it itself,
// but data is lost if it fails or is pulled.
struct State {
    std::string word;
    Colour colour = Colour::none;
    int rank = 0;  // rows with a higher rank come first
};
State state_of(const Subject& subject, const Judgement& judgement, Timestamp now);

Colour colour_of(Health health);
Colour colour_of(Severity severity);

}  // namespace lastgood
