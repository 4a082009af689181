// How the state stands in rows of the database: what each column holds. Used by state.cpp, which
// writes rows, and state_load.cpp, which reads them. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/memory/state.hpp"

namespace lastgood::rows {

inline constexpr size_t history_limit = 4096;  // points per series; the oldest is dropped first
// Series of each kind and subjects: more than any host has. A collector that invents a new subject
// in each run must not fill the memory.
inline constexpr size_t series_limit = 50'000;

inline constexpr char separator = '\x1e';  // the ASCII record separator
inline constexpr const char* watched_since_key = "watched_since";
inline constexpr const char* generation_key = "generation";
inline constexpr const char* cursor_key = "cursor";
inline constexpr const char* version_key = "version";  // of the lastgood that saved the state
inline constexpr const char* lost_key = "lost";
inline constexpr std::string_view record_key = "record_";  // with what is recorded after it

// Labels in one column: "key=value" pairs with a separator between them. One in a value is escaped.
std::string join_labels(const Labels& labels);
Labels split_labels(std::string_view text);

StateRow series_row(StateRow::Table table, const Series& series, double number1, double number2);
// The key of a history row includes its time, to the microsecond.
std::string history_key(const Series& series, Timestamp time);
StateRow row_of(const Acceptance& one, Timestamp over_since);
// nullopt: the row makes no sense.
std::optional<Acceptance> acceptance_of(const StateRow& row);
StateRow row_of(const CopyRecord& record);
std::optional<CopyRecord> record_of(const StateRow& row);
StateRow row_of(Loss what, const LostState& lost);
StateRow text_row(const char* name, const std::string& subject, const std::string& value,
                  double number);

}  // namespace lastgood::rows
