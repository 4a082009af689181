// A recorded host that a test builds file by file in a temporary directory.
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "core/host.hpp"

namespace lastgood::test {

class RecordedHost {
  public:
    RecordedHost() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "lastgood-test-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        root_ = std::shared_ptr<std::string>(new std::string(pattern), [](std::string* path) {
            std::error_code ignored;
            std::filesystem::remove_all(*path, ignored);
            delete path;
        });
        host_ = std::make_shared<Host>(*root_);
    }
    const std::string& root() const { return *root_; }
    const Host& host() const { return *host_; }

    void file(const std::string& path, const std::string& text) {
        parent(path);
        std::ofstream(*root_ + path, std::ios::binary) << text;
    }
    void directory(const std::string& path) { std::filesystem::create_directories(*root_ + path); }
    void link(const std::string& path, const std::string& target) {
        parent(path);
        std::filesystem::create_symlink(target, *root_ + path);
    }
    // Adds a block device: its directory in /sys/devices with the usual files, and the link in
    // /sys/class/block.
    void block(const std::string& name, const std::string& sysfs, const std::string& number,
               bool partition = false) {
        file(sysfs + "/dev", number + "\n");
        file(sysfs + "/size", "2097152\n");
        if (partition) {
            file(sysfs + "/partition", "1\n");
        } else {
            file(sysfs + "/removable", "0\n");
            file(sysfs + "/queue/rotational", "1\n");
            const std::string parent_path = sysfs.substr(0, sysfs.find("/block/"));
            if (sysfs.find("/virtual/") == sysfs.npos)
                link(sysfs + "/device", parent_path == sysfs ? ".." : "../..");
        }
        link("/sys/class/block/" + name, "../.." + sysfs.substr(4));
    }

  private:
    void parent(const std::string& path) {
        std::filesystem::create_directories(std::filesystem::path(*root_ + path).parent_path());
    }
    std::shared_ptr<std::string> root_;
    std::shared_ptr<Host> host_;
};

}  // namespace lastgood::test
