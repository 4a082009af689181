// Where `lastgood serve` listens: reads the setting and opens the socket.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/descriptor.hpp"
#include "core/result.hpp"

namespace lastgood {

struct ListenAddress {
    std::string host;  // numeric: "127.0.0.1", "::1"
    uint16_t port = 0;

    bool operator==(const ListenAddress&) const = default;
};

// Accepts a numeric address and a port from 0 to 65535: "127.0.0.1:9847", "[::1]:9847"; also
// "localhost:9847". "[::]:9847", "*:9847" and ":9847" mean every address. The results are
// alternatives: try the next one if one fails, because IPv6 may be disabled in the kernel. Pure.
// Error: malformed, with an example of a correct address.
Result<std::vector<ListenAddress>> parse_listen_address(std::string_view listen);

// A TCP socket that listens there; non-blocking, close-on-exec. "::" also listens on IPv4.
// Errors: malformed as above; failed, with the address and the reason, for example a port in use.
Result<Descriptor> open_listener(std::string_view listen);

// The port of a listening socket; 0 if it has none.
int port_of(int socket);

}  // namespace lastgood
