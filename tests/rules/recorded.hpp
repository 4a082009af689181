// The recorded hosts of tests/hosts: the files golden/*.jsonl have the observations, the file `now`
// the time of the recording, which becomes 0.
#pragma once

#include <vector>

#include "tests/rules/promtool.hpp"

namespace lastgood::test {

std::vector<ObservedHost> recorded_hosts();

}  // namespace lastgood::test
