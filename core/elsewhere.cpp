#include "core/elsewhere.hpp"

#include "core/coverage.hpp"
#include "core/named_place.hpp"

namespace lastgood {

std::vector<DeclaredPath> declared_paths(const Host& host, const Topology& topology,
                                         const std::vector<DeclaredElsewhere>& declarations) {
    std::vector<DeclaredPath> declared;
    for (const DeclaredElsewhere& declaration : declarations)
        for (const std::string& path : declaration.paths)
            if (NamedPlace named = find_named_place(host, topology, path, false); named.counts())
                declared.push_back({&declaration, std::move(named.place)});
    return declared;
}

const DeclaredElsewhere* declaration_of(const Place& data, bool ephemeral,
                                        const std::vector<DeclaredPath>& declared) {
    const DeclaredElsewhere* last = nullptr;
    if (ephemeral) return last;
    for (const DeclaredPath& path : declared)
        if (coverage_of(data, false, path.place, false).extent == Extent::whole &&
            (last == nullptr || path.declaration->until > last->until))
            last = path.declaration;
    return last;
}

const DeclaredElsewhere* declaration_of(const Mount& filesystem, bool ephemeral,
                                        const std::vector<DeclaredPath>& declared) {
    return declaration_of(Place{.path = filesystem.point, .mount = &filesystem}, ephemeral,
                          declared);
}

}  // namespace lastgood
