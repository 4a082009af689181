// The words of findings for a saved text, which comes from another host and another time. Pure.
#pragma once

#include "core/report.hpp"

namespace lastgood {

// Leaves out of the finding's texts what only helps on the host itself, now: steps that ask this
// host's lastgood or journal, "recent", and identities that the text does not tell.
void fit_to_saved_text(Finding& finding);

}  // namespace lastgood
