#include "tests/temporary_directory.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace lastgood::test {

namespace fs = std::filesystem;

TemporaryDirectory::TemporaryDirectory()
    : path(fs::temp_directory_path() / "lastgood-test-XXXXXX") {
    REQUIRE(::mkdtemp(path.data()) != nullptr);
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
}

std::string TemporaryDirectory::write(const std::string& name, const std::string& text) const {
    make_room_for(name);
    std::ofstream(at(name), std::ios::binary) << text;
    return at(name);
}

void TemporaryDirectory::link(const std::string& name, const std::string& target) const {
    make_room_for(name);
    fs::create_symlink(target, at(name));
}

void TemporaryDirectory::directory(const std::string& name) const {
    fs::create_directories(at(name));
}

void TemporaryDirectory::copy(const std::string& tree, const std::string& name) const {
    directory(name);
    for (const auto& entry : fs::recursive_directory_iterator(tree)) {
        const fs::path to = fs::path(at(name)) / entry.path().lexically_relative(tree);
        if (entry.is_symlink())
            fs::copy_symlink(entry.path(), to);
        else if (entry.is_directory())
            fs::create_directory(to);
        else
            fs::copy_file(entry.path(), to);
    }
}

void TemporaryDirectory::make_room_for(const std::string& name) const {
    fs::create_directories(fs::path(at(name)).parent_path());
}

}  // namespace lastgood::test
