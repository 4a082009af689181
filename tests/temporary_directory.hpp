// A directory that a test fills; it is removed with everything in it.
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace lastgood::test {

class TemporaryDirectory {
  public:
    TemporaryDirectory() : path(std::filesystem::temp_directory_path() / "lastgood-test-XXXXXX") {
        REQUIRE(::mkdtemp(path.data()) != nullptr);
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    // The path of a file in it.
    std::string at(const std::string& name) const { return path + "/" + name; }

    // These make the directories above; an absolute name lies in this directory, too.
    std::string write(const std::string& name, const std::string& text) const {
        make_room_for(name);
        std::ofstream(at(name), std::ios::binary) << text;
        return at(name);
    }
    void link(const std::string& name, const std::string& target) const {
        make_room_for(name);
        std::filesystem::create_symlink(target, at(name));
    }

    // Copies a tree, links as links. Its directories are writable, whatever those of the tree are.
    void copy(const std::string& tree, const std::string& name) const {
        namespace fs = std::filesystem;
        fs::create_directories(at(name));
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

    std::string path;

  private:
    void make_room_for(const std::string& name) const {
        std::filesystem::create_directories(std::filesystem::path(at(name)).parent_path());
    }
};

}  // namespace lastgood::test
