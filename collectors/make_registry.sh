#!/bin/sh
# Prints C++ that defines all_collectors(); the arguments are the collectors' names.
set -eu
echo '#include "collectors/collector.hpp"'
echo 'namespace lastgood {'
for name in "$@"; do echo "extern const Collector ${name}_collector;"; done
echo 'std::span<const Collector* const> all_collectors() {'
printf '    static const Collector* const collectors[] = {'
for name in "$@"; do printf '&%s_collector, ' "$name"; done
echo 'nullptr};'
echo "    return {collectors, $#};"
echo '}'
echo '}  // namespace lastgood'
