#include "core/elsewhere.hpp"

#include "core/coverage.hpp"

namespace lastgood {

std::vector<DeclaredPath> declared_paths(const Host& host, const Topology& topology,
                                         const std::vector<DeclaredElsewhere>& declarations) {
    std::vector<DeclaredPath> declared;
    for (const DeclaredElsewhere& declaration : declarations)
        for (const std::string& path : declaration.paths)
            declared.push_back({&declaration, find_place(host, topology, path)});
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
