# Sets up the build directories of the tests. Sourced by tests/run, tests/fuzz and tools/generate, from the top of the tree.
# shellcheck shell=bash

set_up_build() { # DIRECTORY COMPILER OPTIONS...
    [ -f "$1/build.ninja" ] || CXX="$(command -v ccache) $2" /usr/bin/meson setup "$1" -Dwerror=true -Ddebug=false "${@:3}"
}

set_up_gcc() { set_up_build "$1" g++; }

# Debug information only for back traces: all of it would take half as long again.
set_up_sanitize() { # for the unit tests and the fuzz targets
    set_up_build "$1" clang++ -Dfuzzers=true -Db_sanitize=address,undefined -Doptimization=1 -Dcpp_args=-gline-tables-only
}
