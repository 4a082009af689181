#include "exporters/prometheus/exposition.hpp"

#include <prometheus/text_serializer.h>

#include <cmath>
#include <ostream>
#include <streambuf>
#include <vector>

#include "core/utf8.hpp"
#include "exporters/prometheus/families.hpp"
#include "exporters/prometheus/openmetrics.hpp"

namespace lastgood {

namespace {

// Appends to a string. std::ostringstream would hold the text twice while it is copied out.
class StringBuffer : public std::streambuf {
  public:
    explicit StringBuffer(std::string& out) : out_(out) {}

  protected:
    int_type overflow(int_type c) override {
        if (!traits_type::eq_int_type(c, traits_type::eof())) {
            out_.push_back(traits_type::to_char_type(c));
        }
        return traits_type::not_eof(c);
    }
    std::streamsize xsputn(const char* text, std::streamsize length) override {
        out_.append(text, static_cast<size_t>(length));
        return length;
    }

  private:
    std::string& out_;
};

// prometheus-cpp 1.0 does not escape HELP: a newline would end the comment, and a backslash would
// start an escape sequence.
std::string one_line(std::string_view help) {
    std::string result;
    for (const char c : help) {
        if (c == '\n' || c == '\r') {
            result += ' ';
        } else if (c == '\\') {
            result += "\\\\";
        } else {
            result += c;
        }
    }
    return result;
}

void append_text(std::string& out, std::vector<prometheus::MetricFamily>& family) {
    family[0].help = one_line(family[0].help);
    StringBuffer buffer(out);
    std::ostream stream(&buffer);
    prometheus::TextSerializer().Serialize(stream, family);
}

}  // namespace

bool is_fresh(Timestamp written_at, Timestamp now) {
    return std::abs(now - written_at) <= agent_silence;
}

Exposition to_expositions(const Report& report, bool fresh) {
    Exposition result;
    for_each_family(report, fresh,
                    [&](const Metric& metric, std::vector<prometheus::MetricFamily>& family) {
                        append_openmetrics(result.openmetrics, metric, family[0]);
                        append_text(result.text, family);
                    });
    result.openmetrics += openmetrics_end;
    return result;
}

std::string to_comment(std::string_view words) {
    return "# lastgood: " + harmless(words) + "\n";  // one line
}

std::string to_exposition(const Report& report, bool fresh) {
    return to_expositions(report, fresh).text;
}

}  // namespace lastgood
