// Joint risk: members that must not fail, and may. Pure.
#pragma once

#include "collectors/collector.hpp"

namespace lastgood {

// Writes array_member_risk of each array that is lacking a member, for its fatal members, and of
// each complete one whose members in trouble are more than it survives: a pair of RAID 10, both
// members of a mirror.
void derive_risks(const Knowledge& knowledge, Sink& sink);

}  // namespace lastgood
