// A recorded host that a test builds file by file in a temporary directory.
#pragma once

#include <memory>
#include <string>

#include "core/host.hpp"
#include "tests/temporary_directory.hpp"

namespace lastgood::test {

class RecordedHost {
  public:
    RecordedHost()
        : files_(std::make_shared<TemporaryDirectory>()),
          host_(std::make_shared<Host>(files_->path)) {}
    const std::string& root() const { return files_->path; }
    const Host& host() const { return *host_; }

    void file(const std::string& path, const std::string& text) { files_->write(path, text); }
    void directory(const std::string& path) { files_->directory(path); }
    void link(const std::string& path, const std::string& target) { files_->link(path, target); }
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
    std::shared_ptr<TemporaryDirectory> files_;
    std::shared_ptr<Host> host_;
};

}  // namespace lastgood::test
