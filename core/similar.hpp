// Guesses which known word was meant by an unknown one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lastgood {

// The known word that differs least, in at most a third of its letters: left out, added, replaced
// or swapped with a neighbour. "": none is near. Pure.
std::string_view most_similar(std::string_view word, const std::vector<std::string>& known);

}  // namespace lastgood
