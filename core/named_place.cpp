#include "core/named_place.hpp"

#include <cstdint>
#include <vector>

#include "core/text.hpp"

namespace lastgood {

namespace {

std::optional<uint32_t> owner_of(const Host& host, std::string_view path) {
    const auto status = host.status(path.empty() ? "/" : std::string(path), false);
    return status ? std::optional(status->owner) : std::nullopt;
}

// Who made the link, or may put another in its place; 0: only root. nullopt: it cannot be told.
std::optional<uint32_t> master_of(const Host& host, const PassedLink& link) {
    const auto owner = owner_of(host, link.path);
    return owner == 0U ? owner_of(host, parent_directory(link.path)) : owner;
}

bool leads_to_own(const Host& host, const PassedLink& link, const Place& place) {
    if (host.recorded()) return true;
    const auto master = master_of(host, link);
    return master == 0U || (master && master == owner_of(host, place.path));
}

}  // namespace

NamedPlace find_named_place(const Host& host, const Topology& topology, std::string_view path,
                            bool follows) {
    std::vector<PassedLink> passed;
    NamedPlace named{find_place(host, topology, path, &passed), std::nullopt};
    const bool may_be_link = follows || lies_below(path, "/dev");
    for (const PassedLink& link : passed)
        if (!named.link &&
            ((link.is_last && !may_be_link) || !leads_to_own(host, link, named.place)))
            named.link = link.target;
    return named;
}

}  // namespace lastgood
