// The metric whose labels tell who a subject is.
#pragma once

#include "core/metric.hpp"

namespace lastgood {

// nullptr: subjects of this kind have none.
const Metric* info_metric(SubjectKind kind);

}  // namespace lastgood
