// Finds the info metric of a kind of subject; its labels identify the subject (device, serial, …).
#pragma once

#include "core/metric.hpp"

namespace lastgood {

// nullptr: this kind has no info metric.
const Metric* info_metric(SubjectKind kind);

}  // namespace lastgood
