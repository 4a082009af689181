// What a file's name promises of its content: a dump that is named .sql.gz is compressed SQL. Pure.
#pragma once

#include <string_view>

namespace lastgood {

// Why the content is not what the name promises; empty: it is, or the name promises nothing that
// can be told. `head`: the first bytes of the file as it lies there. For content without a known
// format only: what judge_ends() recognises is good under each name.
// Known endings: .gz .tgz .zst .xz .bz2, .tar, .sql, and .dump, which is no text without SQL.
std::string_view broken_promise(std::string_view name, std::string_view head);

// The same of what was compressed; `head`: the first bytes unpacked. Knows the endings before that
// of the compression. What is compressed once more is no promise kept: its end was not seen.
std::string_view broken_promise_within(std::string_view name, std::string_view head);

}  // namespace lastgood
