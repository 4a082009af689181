// Copies of PostgreSQL that are directories: whether all is there that their own list names.
#pragma once

#include <string>

#include "collectors/backups/probe.hpp"
#include "core/host.hpp"

namespace lastgood {

// pg_dump -Fd: each file that toc.dat names is there, plain or packed, with its end. Unknown: some
// could not be looked at before `give_up_at`, a time of Host::monotonic(), or toc.dat is not
// understood. `depth`: whole also unpacks, as long as there is time.
ProbeResult judge_pg_dump(const Host& host, const std::string& path, Depth depth,
                          Seconds give_up_at);

// pg_basebackup, plain (each file of backup_manifest is there, with its size) or in tar files
// (base.tar and one for each tablespace, with their ends, plain or packed). Also unknown: its WAL
// is not beside it, which may be as it was asked for (-X fetch, -X none).
ProbeResult judge_pg_basebackup(const Host& host, const std::string& path, Depth depth,
                                Seconds give_up_at);

}  // namespace lastgood
