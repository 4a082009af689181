#include "exporters/prometheus/clients.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace lastgood {

ClientAddress client_address(const sockaddr_storage& address) {
    ClientAddress result{};
    if (address.ss_family == AF_INET) {
        result[0] = 4;
        std::memcpy(&result[1], &reinterpret_cast<const sockaddr_in&>(address).sin_addr, 4);
    } else if (address.ss_family == AF_INET6) {
        const in6_addr& six = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
        const bool is_four = IN6_IS_ADDR_V4MAPPED(&six);
        result[0] = is_four ? 4 : 6;
        std::memcpy(&result[1], six.s6_addr + (is_four ? 12 : 0), is_four ? 4 : 8);
    }
    return result;
}

Clients::Number Clients::add(int socket, const ClientAddress& address, Seconds now) {
    clients_[next_] = {.socket = socket, .address = address, .since = now};
    ++counts_[address];
    ++alive_;
    return next_++;
}

void Clients::asked(Number number) {
    if (const auto found = clients_.find(number); found != clients_.end())
        found->second.asked = true;
}

ClientAddress Clients::address(Number number) const {
    const auto found = clients_.find(number);
    return found != clients_.end() ? found->second.address : ClientAddress{255};
}

void Clients::remove(Number number) {
    const auto found = clients_.find(number);
    if (found == clients_.end()) return;
    std::vector<int> ended;
    end(found->second, ended);
    clients_.erase(found);
}

void Clients::end(Client& client, std::vector<int>& sockets) {
    if (client.ending) return;
    client.ending = true;
    sockets.push_back(client.socket);
    --alive_;
    if (const auto count = counts_.find(client.address); --count->second == 0) counts_.erase(count);
}

// Of the addresses that have `count` connections, the most of all.
void Clients::end_oldest_with(size_t count, std::vector<int>& sockets) {
    const auto oldest = std::ranges::find_if(clients_, [&](const auto& entry) {
        return !entry.second.ending && counts_.at(entry.second.address) == count;
    });
    if (oldest != clients_.end()) end(oldest->second, sockets);
}

Seconds Clients::deadline(const Client& client) const {
    return client.since + (client.asked ? limits_.life : limits_.request);
}

std::vector<int> Clients::to_end(Seconds now) {
    std::vector<int> sockets;
    for (auto& [number, client] : clients_)
        if (deadline(client) <= now) end(client, sockets);
    const auto fewer = [](const auto& a, const auto& b) { return a.second < b.second; };
    while (!counts_.empty()) {
        const size_t most = std::ranges::max_element(counts_, fewer)->second;
        if (alive_ <= limits_.all && most <= limits_.of_one_address) break;
        end_oldest_with(most, sockets);
    }
    return sockets;
}

Seconds Clients::next_deadline() const {
    Seconds next = 0;
    for (const auto& [number, client] : clients_)
        if (!client.ending) next = next == 0 ? deadline(client) : std::min(next, deadline(client));
    return next;
}

}  // namespace lastgood
