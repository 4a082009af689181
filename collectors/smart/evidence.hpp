// Which words stand in the line of a saved output that shows a drive's metric.
#pragma once

#include <span>

#include "collectors/explainer.hpp"

namespace lastgood {

// For smartctl's text and JSON, and nvme's text and JSON. Pure.
std::span<const EvidenceWords> words_of_smart_evidence();

}  // namespace lastgood
