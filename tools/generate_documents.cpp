// generate_documents DIRECTORY: rewrites the generated documents in the repository at DIRECTORY,
// and prints the names of those that changed. tools/generate builds and runs it.
#include <fmt/core.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tools/documents.hpp"

namespace {

// The file's text; empty if there is no such file.
std::string read(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

bool write(const std::filesystem::path& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    return !file.fail();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        fmt::print(stderr, "usage: generate_documents DIRECTORY\n");
        return 2;
    }
    for (const lastgood::Document& document : lastgood::generated_documents()) {
        const std::filesystem::path path = std::filesystem::path(argv[1]) / document.path;
        if (read(path) == document.text) continue;
        if (!write(path, document.text)) {
            fmt::print(stderr, "cannot write {}\n", path.string());
            return 1;
        }
        fmt::print("{}\n", document.path);
    }
    return 0;
}
