// Parses a message of ZFS's event daemon, as its script all-syslog.sh writes it behind "zed[812]:
// ": "eid=12 class=statechange pool='tank' vdev=sdb1 vdev_state=FAULTED". OpenZFS 0.7 to 2.3. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lastgood {

enum class ZedKind {
    checksum,  // `device` gave wrong data
    io,        // a request to `device` failed
    timeout,   // `device` does not answer
    faulted,   // ZFS stopped using `device`, or uses it no longer for new data
    removed,   // `device` is gone
    data,      // data of `pool` that no copy could repair
    failed,    // `pool` is suspended, or lacks more than it survives
};

struct ZedMessage {
    ZedKind kind = ZedKind::io;
    std::string pool;
    std::string device;  // "sdb1", without a directory; empty: none
};

// nullopt: no event of trouble.
std::optional<ZedMessage> parse_zed_message(std::string_view message);

}  // namespace lastgood
