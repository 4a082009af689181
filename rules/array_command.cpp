#include "rules/array_command.hpp"

#include <algorithm>
#include <array>

namespace lastgood {

namespace {

constexpr std::array<ArrayCommand, 7> commands = {{
    {"look", "mdadm --detail /dev/{device}", "lvs -a -o +devices,lv_health_status",
     "btrfs filesystem show /dev/{device}"},
    {"save", "mdadm --examine /dev/sd*[0-9] > /root/examine.txt; cat /proc/mdstat",
     "vgcfgbackup; lvs -a -o +devices,lv_health_status > /root/lvs.txt; pvs",
     "btrfs filesystem show > /root/btrfs.txt"},
    {"start", "cat /proc/mdstat; mdadm --assemble --scan --verbose", "pvs; vgchange -ay",
     "btrfs device scan; btrfs filesystem show"},
    {"never", "mdadm --create", "lvcreate or vgreduce --removemissing --force",
     "mkfs.btrfs or btrfs check --repair"},
    {"replace", "mdadm /dev/{device} --add /dev/NEW",
     "vgextend VG /dev/NEW, then lvconvert --repair VG/LV",
     "btrfs replace start DEVID /dev/NEW MOUNTPOINT (btrfs filesystem show: the device id that is "
     "not there)"},
    {"check", "echo check > /sys/block/{device}/md/sync_action",
     "lvchange --syncaction check VG/LV", "btrfs scrub start MOUNTPOINT"},
    {"repair", "echo repair > /sys/block/{device}/md/sync_action",
     "lvchange --syncaction repair VG/LV", "btrfs scrub start MOUNTPOINT"},
}};

}  // namespace

const ArrayCommand* find_array_command(std::string_view word) {
    const auto* found = std::ranges::find(commands, word, &ArrayCommand::word);
    return found == commands.end() ? nullptr : &*found;
}

}  // namespace lastgood
