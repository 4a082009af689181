#include "core/device_name.hpp"

#include "core/text.hpp"

namespace lastgood {

std::string_view whole_device(std::string_view name) {
    name = without_prefix(name, "/dev/");
    const std::string_view stem = trim_end(name, decimal_digits);
    if (stem == name || stem.empty()) return name;
    // nvme0n1p2, mmcblk0p1, md0p1, loop0p1, nbd0p1
    if (stem.size() > 2 && stem.back() == 'p' && is_digit(stem[stem.size() - 2])) {
        return stem.substr(0, stem.size() - 1);
    }
    // sdb1, vda1, hda1, xvda1
    const auto letters_after = [stem](std::string_view prefix) {
        return stem.starts_with(prefix) && stem.size() > prefix.size() &&
               consists_of(stem.substr(prefix.size()), "abcdefghijklmnopqrstuvwxyz");
    };
    for (std::string_view prefix : {"sd", "vd", "hd", "xvd"}) {
        if (letters_after(prefix)) return stem;
    }
    return name;
}

}  // namespace lastgood
