// What the logs beside vzdump's archives say of a guest's volumes.
#pragma once

#include <optional>
#include <string>

#include "collectors/data/local.hpp"
#include "core/config.hpp"

namespace lastgood {

// Whether the newest whole archive of a guest ("qemu-101") has the volume ("scsi1"), as the log
// beside it says: the guest's configuration may have changed since. nullopt: no log tells it.
std::optional<bool> is_in_archive(const LocalFiles& files, const Backup& backup,
                                  const std::string& guest, const std::string& volume);

}  // namespace lastgood
