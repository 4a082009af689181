// Everything that is generated from the code and kept in the repository.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lastgood {

struct Document {
    std::string_view path;  // in the repository
    std::string text;
};

std::vector<Document> generated_documents();

}  // namespace lastgood
