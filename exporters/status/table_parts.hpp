// What the tables of the status screen have in common. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exporters/status/tables.hpp"

namespace lastgood {

Cell state_cell(const State& state, const TableContext& context);
Cell right(std::string text);
// A size with its unit, without ".0": "4 TiB", "3.6 TiB".
std::string size_text(std::optional<double> bytes);
std::string joined(const std::vector<std::string>& parts);  // by ", "
// What related subjects say, in two words each: "md0 CRITICAL". A filesystem's backup has a column
// of its own.
void add_related(std::vector<std::string>& parts, const Judgement& judgement);
// "backup elsewhere, by anna's word", while that holds for a filesystem or data; else "".
std::string elsewhere_remark(const Subject& subject, const Metric& until, Timestamp now);
// Adds the rows to the table, those with a higher rank first.
void finish(Table& table, std::vector<std::pair<int, Row>>& ranked);
// "24 drives, all fine"; `noun` is singular: "drive".
std::string fold_text(const Table& table, std::string_view noun, const TableContext& context);

}  // namespace lastgood
