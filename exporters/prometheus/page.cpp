#include "exporters/prometheus/page.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "exporters/status/view.hpp"

namespace lastgood {

namespace {

constexpr ViewOptions page_view{.width = 120, .height = 0, .colour = true};

constexpr char escape = '\033';
constexpr std::string_view end_of_colour = "[0m";
// What coloured() writes, without the escape character, and the classes of the style sheet.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> classes = {{
    {"[1;31m", "red"},
    {"[33m", "yellow"},
    {"[32m", "green"},
    {"[35m", "magenta"},
    {"[1m", "bold"},
}};

// The class of the colour that `text` begins with, behind the escape character, and the length of
// what stands for it; "" and 0: none.
std::pair<std::string_view, size_t> class_at(std::string_view text) {
    for (const auto& [code, name] : classes)
        if (text.starts_with(code)) return {name, code.size()};
    return {"", 0};
}

std::string without_colours(std::string_view text) {
    std::string plain;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] != escape)
            plain += text[i];
        else
            i = std::min(text.find('m', i), text.size());
    }
    return plain;
}

// What begins with the verdict is coloured like it.
std::string_view class_of_first_colour(std::string_view text) {
    const size_t at = text.find(escape);
    return at == text.npos ? "" : class_at(text.substr(at + 1)).first;
}

std::string page_around(const std::string& status, std::string_view time) {
    // "db8: CRITICAL": a browser shows it on each tab.
    const std::string first = without_colours(status.substr(0, status.find('\n')));
    const std::string_view title = std::string_view(first).substr(0, first.find("  "));
    return fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta http-equiv=\"refresh\" content=\"60\">\n"
        "<link rel=\"stylesheet\" href=\"{}\">\n<title>{} - lastgood</title></head>\n"
        "<body class=\"{}\"><nav><b>lastgood</b> <a href=\"/rules\">rules</a> "
        "<a href=\"/metrics\">metrics</a> <a href=\"/-/healthy\">healthy</a></nav>\n"
        "<main><pre>{}</pre></main>\n<footer>{}This page loads itself again every "
        "60 s.</footer></body></html>\n",
        style_path, to_html_text(title), class_of_first_colour(status), to_html_text(status), time);
}

}  // namespace

const std::string_view style_sheet =
    R"(:root { color-scheme: light dark; --red: #b00020; --yellow: #855500; --green: #1b6e2f; --magenta: #8e24aa; }
@media (prefers-color-scheme: dark) {
  :root { --red: #ff7b72; --yellow: #e3b341; --green: #6fcf7f; --magenta: #df9cf5; }
}
body { margin: 0 auto; max-width: 78rem; padding: 0 1rem 1rem; border-top: 0.4rem solid; font: 1rem/1.5 system-ui, sans-serif; }
body.red { border-color: var(--red); }
body.yellow { border-color: var(--yellow); }
body.green { border-color: var(--green); }
body.magenta { border-color: var(--magenta); }
nav { padding: 0.5rem 0; }
nav a { margin-left: 1rem; }
pre { font: 0.875rem/1.4 ui-monospace, monospace; overflow-x: auto; }
ol, p { max-width: 50rem; }
code { overflow-wrap: anywhere; }
h2:target { border-left: 0.3rem solid; padding-left: 0.5rem; }
pre span { font-weight: bold; }
pre .red { color: var(--red); }
pre .yellow { color: var(--yellow); }
pre .green { color: var(--green); }
pre .magenta { color: var(--magenta); }
footer { font-size: 0.875rem; opacity: 0.75; }
)";

std::string to_html_text(std::string_view text) {
    std::string result;
    bool open = false;
    const auto close = [&] {
        if (std::exchange(open, false)) result += "</span>";
    };
    for (size_t i = 0; i < text.size(); ++i) {
        switch (text[i]) {
            case '&':
                result += "&amp;";
                break;
            case '<':
                result += "&lt;";
                break;
            case '>':
                result += "&gt;";
                break;
            case '"':
                result += "&quot;";
                break;
            case escape: {
                const std::string_view code = text.substr(i + 1);
                const auto [name, length] = class_at(code);
                close();
                if (length > 0) {
                    result += fmt::format("<span class=\"{}\">", name);
                    open = true;
                }
                i += length > 0                        ? length
                     : code.starts_with(end_of_colour) ? end_of_colour.size()
                                                       : 0;
                break;
            }
            default:
                result += text[i];
        }
    }
    close();
    return result;
}

std::string page_of(const Report& report, Timestamp now) {
    return page_around(render_status(report, now, page_view),
                       fmt::format("As of {}. ", format_time(now)));
}

std::string page_without_report(const Error& error, std::string_view path) {
    return page_around(render_no_report(error, path, page_view), "");
}

}  // namespace lastgood
