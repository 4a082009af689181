// The documents that are generated from the code and kept in the repository.
#include "tools/documents.hpp"

#include <doctest/doctest.h>

#include "tests/support.hpp"

using namespace lastgood;

TEST_CASE("the generated documents in the repository are up to date") {
    for (const Document& document : generated_documents()) {
        const std::string path = test::tests_directory() + "/../" + std::string(document.path);
        const bool same = test::read_file(path) == document.text;
        CHECK_MESSAGE(same, document.path,
                      " is not what the code says now; run tools/generate and read the difference");
    }
}
