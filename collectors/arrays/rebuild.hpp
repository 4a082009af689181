// How much the rebuild of a member writes, and how quickly. Pure.
#pragma once

#include <string_view>

#include "collectors/arrays/parse/md_array.hpp"
#include "core/observation.hpp"
#include "core/topology.hpp"

namespace lastgood {

// The speed at which drives of this kind are rebuilt, bytes/s: of the slowest of them. 0: no drive
// is known.
double assumed_speed(const Topology& topology, const MdArray& array);

// Writes bytes and speed of the rebuild of a member. `measured`: bytes/s, 0: not known. `topology`
// may be nullptr: the kind of the drives is then unknown.
void observe_rebuild(const MdArray& array, std::string_view id, double measured,
                     const Topology* topology, Timestamp now, Sink& sink);

}  // namespace lastgood
