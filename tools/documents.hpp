// All documents that are generated from the code and kept in the repository. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lastgood {

struct Document {
    std::string_view path;  // relative to the repository's root
    std::string text;
};

std::vector<Document> generated_documents();

}  // namespace lastgood
