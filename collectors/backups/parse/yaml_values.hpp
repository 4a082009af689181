// The values of a YAML document with their places. Reads what configurations of backup tools are
// written in: block and flow mappings and lists, plain and quoted scalars. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lastgood {

struct YamlValue {
    std::string path;   // "location/source_directories/-": a list's items are "-"
    std::string value;  // without quotes; "" for a mapping or a list; block scalars are left out
    bool told = true;   // false: a tag, an anchor or an alias: what it stands for is not read
};

// In the order of the text; at most 20,000. Only the first document. What is beyond the forms above
// is left out or is not told; it never gives a value of another place.
std::vector<YamlValue> parse_yaml_values(std::string_view text);

}  // namespace lastgood
