#include "rules/command.hpp"

#include <algorithm>

#include "core/array_identity.hpp"

namespace lastgood {

namespace {

// Sources: mdadm(8) and md.rst of the kernel, lvmraid(7), btrfs-replace(8), btrfs-scrub(8),
// zpool-status(8), zpool-replace(8).
// Words in capitals are unknown to the program: NEW is the new drive, DEVID and OLD the missing one
// as `btrfs filesystem show` and `zpool status` call it. An empty text: no such command.
constexpr std::string_view btrfs_scrub = "btrfs scrub start $(findmnt -nfo TARGET -S UUID={uuid})";

AdviceCommand array(std::string_view word, std::string_view md, std::string_view lvm,
                    std::string_view btrfs, std::string_view zfs) {
    return {SubjectKind::array,
            word,
            "metadata",
            {{metadata_dm_raid, "LVM", lvm},
             {metadata_btrfs, "btrfs", btrfs},
             {metadata_zfs, "ZFS", zfs},
             {metadata_unraid, "Unraid", word == "never" ? "New Config" : ""}},
            md};
}

// Sources: e2fsck(8), xfs_repair(8), btrfs-scrub(8), btrfs-device(8), fsck(8).
AdviceCommand filesystem(std::string_view word, std::string_view xfs, std::string_view btrfs,
                         std::string_view fsck) {
    return {SubjectKind::filesystem,
            word,
            "fstype",
            {{"xfs", "XFS", xfs},
             {"btrfs", "btrfs", btrfs},
             {"ext4", "ext4", fsck},
             {"ext3", "ext3", fsck},
             {"ext2", "ext2", fsck},
             {"vfat", "FAT", fsck}},
            ""};
}

const std::vector<AdviceCommand>& commands() {
    static const std::vector<AdviceCommand> all = {
        array("look", "mdadm --detail /dev/{device}", "lvs -a -o +devices,lv_health_status {lv}",
              "btrfs filesystem show {uuid}", "zpool status -v {device}"),
        array("save", "mdadm --examine $(lsblk -lnpo NAME) > /root/examine.txt",
              "vgcfgbackup -f /root/lvm-%s; lvs -a -o +devices > /root/lvs.txt",
              "btrfs filesystem show > /root/btrfs.txt",
              "zpool status -v > /root/zpool.txt; zpool history > /root/history.txt"),
        array("start", "mdadm --assemble --scan --verbose", "vgchange -ay",
              "btrfs device scan; btrfs filesystem show {uuid}", "zpool import"),
        array("never", "mdadm --create", "lvcreate or vgreduce --removemissing --force",
              "mkfs.btrfs or btrfs check --repair", "zpool create -f or zpool import -FX"),
        array("replace", "mdadm /dev/{device} --add /dev/NEW",
              "vgextend {vg} /dev/NEW; lvconvert --repair {lv}",
              "btrfs replace start DEVID /dev/NEW $(findmnt -nfo TARGET -S UUID={uuid})",
              "zpool replace {device} OLD /dev/NEW"),
        array("check", "echo check > /sys/block/{device}/md/sync_action",
              "lvchange --syncaction check {lv}", btrfs_scrub, "zpool scrub {device}"),
        array("repair", "echo repair > /sys/block/{device}/md/sync_action",
              "lvchange --syncaction repair {lv}", btrfs_scrub, "zpool scrub {device}"),
        array("monthly", "systemctl enable --now mdcheck_start.timer", "", "", ""),
        filesystem("repair", "umount {id} && xfs_repair /dev/{device}", "btrfs scrub start -B {id}",
                   "umount {id} && fsck -f /dev/{device}"),
        filesystem("repair_and_reset", "umount {id} && xfs_repair /dev/{device}",
                   "btrfs scrub start -B {id}; btrfs device stats -z {id}",
                   "umount {id} && fsck -f /dev/{device}"),
        {SubjectKind::backup,
         "unlock",
         "kind",
         {{"restic", "restic", "restic -r {location} unlock"},
          {"borg", "borg", "borg break-lock {location}"}},
         ""},
        // Not commands: what makes a backup of the kind proven.
        {SubjectKind::backup,
         "prove",
         "kind",
         {{"restic", "restic", "Wait for the next backup, which lastgood sees come."},
          {"borg", "borg",
           "Set cache_directory to the writing client's; if it is, the next create that ends well "
           "proves it."},
          {"files", "files",
           "If files names one directory or file, write a pattern of the dumps there."},
          {"vzdump", "vzdump", "Copy vzdump's .log files beside the archives, too."}},
         "Run the job once while the agent runs, which sees what the run changes."},
    };
    return all;
}

}  // namespace

std::string_view AdviceCommand::text_for(std::string_view value) const {
    const auto found = std::ranges::find(choices, value, &Choice::value);
    return found == choices.end() ? otherwise : found->text;
}

const AdviceCommand* find_advice_command(SubjectKind subject, std::string_view word) {
    for (const AdviceCommand& command : commands())
        if (command.subject == subject && command.word == word) return &command;
    return nullptr;
}

}  // namespace lastgood
