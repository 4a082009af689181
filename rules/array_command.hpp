// What an administrator types for an array: md, LVM and btrfs have commands of their own.
#pragma once

#include <string_view>

namespace lastgood {

// Sources: mdadm(8), lvmraid(7), btrfs-replace(8), btrfs-device(8), btrfs-scrub(8), and md.rst of
// the kernel. Texts may have placeholders of rules/text.hpp.
struct ArrayCommand {
    std::string_view word;  // stands in a rule's text as {command:word}
    std::string_view md, lvm, btrfs;
};

const ArrayCommand* find_array_command(std::string_view word);  // nullptr: there is none

// The label "metadata" of array_info tells who made the array; any but these two is md's.
constexpr std::string_view lvm_metadata = "dm-raid", btrfs_metadata = "btrfs";

}  // namespace lastgood
