// How the screen of a subject says that it is fine.
#pragma once

#include <sstream>
#include <string>

namespace lastgood::test {

// A backup tells what proves it; of all others no fault is known.
inline bool says_fine(const std::string& screen) {
    std::string text;
    std::istringstream words(screen);
    for (std::string word; words >> word;) text += word + " ";
    if (text.find("no fault of it is known") != std::string::npos) return true;
    const size_t proof = text.find(": fine its newest copy is ");
    return proof != std::string::npos &&
           (text.find(" old, none is due since ", proof) != std::string::npos ||
            text.find(" allowed ", proof) != std::string::npos);
}

}  // namespace lastgood::test
