#include "core/device_name.hpp"

#include <doctest/doctest.h>

#include <string_view>
#include <utility>
#include <vector>

using namespace lastgood;

TEST_CASE("whole_device: the device that a partition lies on") {
    for (const auto& [name, whole] :
         std::vector<std::pair<std::string_view, std::string_view>>{{"sdb1", "sdb"},
                                                                    {"sdab12", "sdab"},
                                                                    {"sdb", "sdb"},
                                                                    {"nvme0n1p2", "nvme0n1"},
                                                                    {"nvme0n1", "nvme0n1"},
                                                                    {"mmcblk0p1", "mmcblk0"},
                                                                    {"mmcblk0", "mmcblk0"},
                                                                    {"md0p1", "md0"},
                                                                    {"md127", "md127"},
                                                                    {"dm-3", "dm-3"},
                                                                    {"loop7p1", "loop7"},
                                                                    {"loop7", "loop7"},
                                                                    {"vda1", "vda"},
                                                                    {"xvda1", "xvda"},
                                                                    {"/dev/sdb2", "sdb"},
                                                                    {"nvme0", "nvme0"},
                                                                    {"8:16", "8:16"},
                                                                    {"ata3.00", "ata3.00"},
                                                                    {"", ""},
                                                                    {"1", "1"}}) {
        CHECK(whole_device(name) == whole);
    }
}
