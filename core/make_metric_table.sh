#!/bin/sh
# Prints the table of all metrics as C++, from the headers of core/metrics/ in the order in which they are given.
set -eu
directory=$(dirname "$1")
for header in "$directory"/*.hpp; do
    case " $* " in
        *" $header "*) ;;
        *)
            echo "$header is not listed in core/meson.build" >&2
            exit 1
            ;;
    esac
done

# The identifiers of the metrics that a header defines; fails when one is written in another form.
metrics_in() {
    names=$(sed -n 's/^inline constexpr Metric \([a-z0-9_]*\){$/\1/p' "$1")
    if [ "$(echo "$names" | wc -w)" != "$(grep -c '\.name' "$1")" ]; then
        echo "$1: every metric must begin with a line \"inline constexpr Metric NAME{\" and have a .name" >&2
        exit 1
    fi
    echo "$names"
}

identifiers=
for header in "$@"; do
    identifiers="$identifiers $(metrics_in "$header")"
    echo "#include \"core/metrics/$(basename "$header")\""
done
echo 'namespace lastgood {'
for name in $identifiers; do echo "static_assert(metric::$name.name == \"lastgood_$name\");"; done
echo 'std::span<const Metric* const> all_metrics() {'
echo '    static constexpr const Metric* table[] = {'
for name in $identifiers; do echo "        &metric::$name,"; done
echo '    };'
echo '    return table;'
echo '}'
echo '}  // namespace lastgood'
