// Asks systemd about a unit, over D-Bus (org.freedesktop.systemd1(5)), and reads what it wrote
// about the unit's runs into the journal.
#pragma once

#include <string>
#include <vector>

#include "collectors/backups/parse/unit.hpp"
#include "core/host.hpp"
#include "core/result.hpp"

namespace lastgood {

// A unit that does not exist is no error: its load_state says so. Reads only the properties of
// is_wanted_property(). A recorded host answers from ROOT/units/UNIT.json, an object of them.
// Errors: absent (no system bus and no systemd, or no record), denied, timed_out, failed. Blocks
// for 5 s at most; after that the same thread asks no unit for a minute. Keeps its connection:
// one for each thread.
Result<UnitProperties> read_unit(const Host& host, const std::string& unit);

// The newest messages of PID 1 about the unit, oldest first: back to the run `known_invocation`,
// 1,000 at most. Nobody but PID 1 is believed, whatever UNIT= an entry has. `directory`: as in
// open_journal(). Errors: those of open_journal().
Result<std::vector<UnitMessage>> read_unit_messages(const Host& host, const std::string& directory,
                                                    const std::string& unit,
                                                    const std::string& known_invocation);

}  // namespace lastgood
