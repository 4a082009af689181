#include "core/drive_identity.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/text.hpp"
#include "core/udev_record.hpp"

namespace lastgood {

namespace {

std::string read_clean(const Host& host, const std::string& path) {
    const auto text = host.read(path, 4096);
    return text ? clean_identity(*text) : std::string();
}

bool has_component(std::string_view path, std::string_view prefix, bool digits_follow) {
    for (size_t at = path.find('/'); at != std::string_view::npos; at = path.find('/', at + 1)) {
        const std::string_view rest = path.substr(at + 1);
        if (!rest.starts_with(prefix)) continue;
        if (!digits_follow) return true;
        if (rest.size() > prefix.size() && is_digit(rest[prefix.size()])) return true;
    }
    return false;
}

Transport transport_of(std::string_view name, std::string_view sysfs) {
    if (name.starts_with("nvme")) return Transport::nvme;
    if (name.starts_with("loop")) return Transport::loop;
    if (name.starts_with("mmcblk")) return Transport::mmc;
    if (name.starts_with("vd")) return Transport::virtio;
    if (has_component(sysfs, "usb", true)) return Transport::usb;
    if (has_component(sysfs, "ata", true)) return Transport::sata;
    if (has_component(sysfs, "end_device-", false)) return Transport::sas;
    if (has_component(sysfs, "host", true)) return Transport::scsi;
    return Transport::unknown;
}

// Unit serial number VPD page (SPC-4, page 0x80): 4 bytes of header, then text.
std::string unit_serial(const Host& host, const std::string& base) {
    const auto page = host.read(base + "/vpd_pg80", 4096);
    if (!page || page->size() <= 4) return {};
    return clean_identity(std::string_view(*page).substr(4));
}

std::string wwn_of_wwid(std::string_view wwid) {
    if (wwid.starts_with("naa.")) return "0x" + std::string(wwid.substr(4));
    if (wwid.starts_with("eui.")) return std::string(wwid);
    return {};
}

void read_scsi(const Host& host, const std::string& base, Drive& drive) {
    const std::string vendor = read_clean(host, base + "/vendor");
    drive.model = read_clean(host, base + "/model");
    drive.firmware = read_clean(host, base + "/rev");
    drive.serial = unit_serial(host, base);
    drive.wwn = wwn_of_wwid(read_clean(host, base + "/wwid"));
    if (const auto page = host.read(base + "/vpd_pg89", 4096); page && vendor == "ATA") {
        const AtaIdentity identity = parse_ata_information_page(*page);
        if (!identity.model.empty()) drive.model = identity.model;
        if (!identity.serial.empty()) drive.serial = identity.serial;
        if (!identity.firmware.empty()) drive.firmware = identity.firmware;
        if (!identity.wwn.empty()) drive.wwn = identity.wwn;
    } else if (!vendor.empty() && vendor != "ATA") {
        drive.model = clean_identity(vendor + " " + drive.model);
    }
}

// Where the drive is attached: the components of its sysfs path that survive a reboot.
std::string path_of(std::string_view sysfs, const UdevRecord& udev) {
    if (std::string path = clean_identity(udev.property("ID_PATH")); !path.empty()) return path;
    std::string path;
    std::string pci;
    for (const std::string_view part : split(sysfs, "/")) {
        if (part == "block") break;
        const bool is_pci =
            part.size() == 12 && part[4] == ':' && part[7] == ':' && part[10] == '.';
        if (is_pci) {
            pci = fmt::format("pci-{}", part);
            path.clear();
        } else if (part.starts_with("ata") || part.starts_with("virtio") ||
                   part.starts_with("nvme") || std::ranges::count(part, ':') == 3) {
            path += fmt::format("-{}", part);
        }
    }
    if (pci.empty() && !path.empty()) path.erase(0, 1);
    return pci + path;
}

}  // namespace

BlockKind block_kind(std::string_view name, bool is_partition) {
    if (is_partition) return BlockKind::partition;
    if (name.starts_with("dm-")) return BlockKind::dm;
    if (name.starts_with("md")) return BlockKind::md;
    if (name.starts_with("loop")) return BlockKind::loop;
    if (name.starts_with("bcache")) return BlockKind::bcache;
    if (name.starts_with("zram")) return BlockKind::zram;
    for (const std::string_view other :
         {"ram", "nbd", "sr", "fd", "drbd", "rbd", "zd", "mtdblock", "ublkb", "nullb"})
        if (name.starts_with(other)) return BlockKind::other;
    // The boot areas of an eMMC belong to the drive beside them, a hidden path of a multipath NVMe
    // drive to the visible one.
    if (name.starts_with("mmcblk") && (contains(name, "boot") || contains(name, "rpmb")))
        return BlockKind::other;
    if (name.starts_with("nvme")) {
        const size_t path = name.find('c');
        if (path != name.npos && path + 1 < name.size() && is_digit(name[path + 1]))
            return BlockKind::other;
    }
    return BlockKind::drive;
}

bool is_drive(BlockKind kind, bool loops_are_drives) {
    switch (kind) {
        case BlockKind::drive:
            return true;
        case BlockKind::loop:
            return loops_are_drives;
        case BlockKind::partition:
        case BlockKind::dm:
        case BlockKind::md:
        case BlockKind::bcache:
        case BlockKind::zram:
        case BlockKind::other:
            return false;
    }
    return false;
}

std::string clean_identity(std::string_view text) {
    std::string clean;
    for (const char c : text.substr(0, text.find('\0'))) {
        const bool printable = c > ' ' && c < 0x7f;
        const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (printable)
            clean += c;
        else if (!blank)
            clean += '_';
        else if (!clean.empty() && clean.back() != ' ')
            clean += ' ';
    }
    while (clean.ends_with(' ')) clean.pop_back();
    return clean;
}

std::string id_part(std::string_view text) {
    std::string part = clean_identity(text);
    std::ranges::replace(part, ' ', '_');
    return part;
}

AtaIdentity parse_ata_information_page(std::string_view page) {
    constexpr size_t identify_at = 60, identify_size = 512;
    if (page.size() < identify_at + identify_size || static_cast<unsigned char>(page[1]) != 0x89)
        return {};
    const std::string_view identify = page.substr(identify_at, identify_size);
    const auto text = [&](size_t word,
                          size_t words) {  // ATA strings hold two characters a word, swapped
        std::string value;
        for (size_t i = word; i < word + words; ++i) {
            value += identify[2 * i + 1];
            value += identify[2 * i];
        }
        return clean_identity(value);
    };
    const auto word = [&](size_t index) {
        return static_cast<unsigned>(static_cast<unsigned char>(identify[2 * index]) |
                                     static_cast<unsigned char>(identify[2 * index + 1]) << 8);
    };
    AtaIdentity identity{text(27, 20), text(10, 10), text(23, 4), {}};
    const bool has_wwn = (word(87) & 0xc100) == 0x4100;  // word 87 is valid; bit 8: WWN supported
    if (has_wwn && word(108) != 0)
        identity.wwn =
            fmt::format("0x{:04x}{:04x}{:04x}{:04x}", word(108), word(109), word(110), word(111));
    return identity;
}

Drive identify_drive(const Host& host, const std::string& name, const std::string& sysfs,
                     const std::string& number) {
    Drive drive;
    drive.device = name;
    drive.sysfs = sysfs;
    drive.transport = transport_of(name, sysfs);
    drive.rotational = host.read_number(sysfs + "/queue/rotational").value_or(0) != 0;
    drive.removable = host.read_number(sysfs + "/removable").value_or(0) != 0;
    drive.size_bytes = host.read_number(sysfs + "/size").value_or(0) * 512;
    const std::string base = sysfs + "/device";
    switch (drive.transport) {
        case Transport::nvme:
            drive.model = read_clean(host, base + "/model");
            drive.serial = read_clean(host, base + "/serial");
            drive.firmware = read_clean(host, base + "/firmware_rev");
            drive.wwn = wwn_of_wwid(read_clean(host, sysfs + "/wwid"));
            break;
        case Transport::mmc:
            drive.model = read_clean(host, base + "/name");
            drive.serial = read_clean(host, base + "/serial");
            drive.firmware = read_clean(host, base + "/fwrev");
            break;
        case Transport::virtio:
            drive.model = "virtio";
            drive.serial = read_clean(host, sysfs + "/serial");
            break;
        case Transport::loop:
            break;
        case Transport::sata:
        case Transport::sas:
        case Transport::scsi:
        case Transport::usb:
        case Transport::unknown:
            read_scsi(host, base, drive);
            break;
    }
    const UdevRecord udev = read_udev_record(host, number);
    const auto fill = [&](std::string& field, std::string_view property) {
        if (field.empty()) field = clean_identity(udev.property(property));
    };
    fill(drive.wwn, "ID_WWN_WITH_EXTENSION");
    fill(drive.wwn, "ID_WWN");
    fill(drive.serial, "ID_SERIAL_SHORT");
    fill(drive.model, "ID_MODEL");
    fill(drive.firmware, "ID_REVISION");
    // The SCSI model field is cut at 16 characters; udev has the full name from the ATA drive.
    if (drive.transport == Transport::sata || drive.transport == Transport::usb) {
        std::string full = udev.property("ID_MODEL");
        std::ranges::replace(full, '_', ' ');
        full = clean_identity(full);
        if (full.size() > drive.model.size()) drive.model = full;
    }
    // The WWN of an NVMe drive belongs to a namespace; the serial identifies the drive.
    const bool has_own_wwn = drive.transport != Transport::nvme;
    drive.id = make_drive_id(has_own_wwn ? drive.wwn : "", drive.model, drive.serial);
    if (drive.id.empty()) {
        const std::string path = path_of(sysfs, udev);
        drive.id = "unstable-" + id_part(path.empty() ? name : path);
    }
    return drive;
}

std::optional<Drive> identify_drive_by_wwn(const Host& host, std::string_view id) {
    if (!id.starts_with("wwn-")) return std::nullopt;
    const auto names = host.list("/sys/class/block");
    if (!names) return std::nullopt;
    const std::string wwn(id.substr(4));
    std::string found;
    for (const std::string& name : *names) {
        const auto wwid = host.read_line("/sys/class/block/" + name + "/device/wwid");
        if (!wwid || wwn_of_wwid(clean_identity(*wwid)) != wwn) continue;
        if (!found.empty()) return std::nullopt;
        found = name;
    }
    if (found.empty()) return std::nullopt;
    const auto sysfs = host.resolve("/sys/class/block/" + found);
    if (!sysfs) return std::nullopt;
    Drive drive = identify_drive(host, found, *sysfs, host.read_line(*sysfs + "/dev").value_or(""));
    return drive.id == id ? std::optional(std::move(drive)) : std::nullopt;
}

std::string make_drive_id(std::string_view wwn, std::string_view model, std::string_view serial) {
    if (wwn.starts_with("0x")) return fmt::format("wwn-{}", wwn);
    const std::string number = id_part(serial);
    if (number.empty()) return {};
    const std::string name = id_part(model);
    return name.empty() ? number : name + "_" + number;
}

}  // namespace lastgood
