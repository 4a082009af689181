// A directory that a test fills; it is removed with everything in it.
#pragma once

#include <string>

namespace lastgood::test {

class TemporaryDirectory {
  public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    // The path of a file in it.
    std::string at(const std::string& name) const { return path + "/" + name; }

    // These make the directories above; an absolute name lies in this directory, too.
    std::string write(const std::string& name, const std::string& text) const;
    void link(const std::string& name, const std::string& target) const;
    void directory(const std::string& name) const;

    // Copies a tree, links as links. Its directories are writable, whatever those of the tree are.
    void copy(const std::string& tree, const std::string& name) const;

    std::string path;

  private:
    void make_room_for(const std::string& name) const;
};

}  // namespace lastgood::test
