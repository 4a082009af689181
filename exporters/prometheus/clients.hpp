// Decides which of the listener's connections stay: counts and deadlines. Knows sockets only as
// numbers and makes no system calls. Not thread-safe.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "core/time.hpp"

namespace lastgood {

// Who is counted as one client: an IPv4 address, or an IPv6 network of 64 bits, because one machine
// has all the addresses of such a network. Every address of another family is the same one.
using ClientAddress = std::array<uint8_t, 9>;
ClientAddress client_address(const sockaddr_storage& address);

class Clients {
  public:
    struct Limits {
        size_t all = 256, of_one_address = 128;
        Seconds request = 5;  // from the connection to its complete request
        Seconds life = 30;    // of the whole connection
    };
    using Number = uint64_t;  // of a connection; never used again

    explicit Clients(const Limits& limits) : limits_(limits) {}

    Number add(int socket, const ClientAddress& address, Seconds now);
    void asked(Number number);   // its request is complete
    void remove(Number number);  // it is closed; unknown numbers are ignored
    // Sockets of connections to end now, each returned once: those past a deadline, and those above
    // a limit. An address with too many connections loses its oldest one; if there are too many of
    // all, the address with most of them does; of several such addresses, the one with the oldest
    // connection. A good client's connection is the newest, and its answer takes milliseconds.
    std::vector<int> to_end(Seconds now);
    // When to call to_end() next, if nothing is added: s of the same clock; 0: never.
    Seconds next_deadline() const;
    // Of a connection; unknown numbers have none of the addresses of client_address().
    ClientAddress address(Number number) const;
    size_t size() const { return clients_.size(); }

  private:
    struct Client {
        int socket = -1;
        ClientAddress address{};
        Seconds since = 0;
        bool asked = false, ending = false;
    };

    Seconds deadline(const Client& client) const;
    void end(Client& client, std::vector<int>& sockets);
    void end_oldest_with(size_t count, std::vector<int>& sockets);

    Limits limits_;
    std::map<Number, Client> clients_;        // by age
    std::map<ClientAddress, size_t> counts_;  // of those that are not ending
    size_t alive_ = 0;                        // the same
    Number next_ = 1;
};

}  // namespace lastgood
