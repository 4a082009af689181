#include "collectors/backups/parse/dirvish_index.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace lastgood {

namespace {

// "  1234   196 -rw-r--r--   1 root  root  200000 Nov 26 23:12 /srv/f": the size is the 7th field.
void add_line(std::string_view line, DirvishIndex& index) {
    constexpr size_t mode_field = 2, size_field = 6;
    bool is_regular = false;
    for (size_t field = 0; field <= size_field; ++field) {
        line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
        const std::string_view word = line.substr(0, std::min(line.find(' '), line.size()));
        if (word.empty()) return;
        line.remove_prefix(word.size());
        if (field == mode_field) {
            index.entries += 1;
            is_regular = word.starts_with('-');
        }
        if (field != size_field || !is_regular) continue;
        std::string_view number = word;
        const auto size = take_number<double>(number);
        if (size && number.empty() && *size >= 0 && *size < 1e19) index.bytes += *size;
    }
}

}  // namespace

std::string_view add_dirvish_index(std::string_view text, DirvishIndex& index) {
    for (size_t end = text.find('\n'); end != text.npos; end = text.find('\n')) {
        add_line(text.substr(0, end), index);
        text.remove_prefix(end + 1);
    }
    return text;
}

}  // namespace lastgood
