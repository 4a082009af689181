// The start page of the listener as HTML. Without scripts and without styles in the text, so that a
// Content-Security-Policy can forbid both. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/report.hpp"

namespace lastgood {

// The screen of `lastgood status`, 120 columns wide, in colour. It names the time `now`, and a
// browser loads it again every 60 s.
std::string page_of(const Report& report, Timestamp now);
std::string page_without_report(const Error& error, std::string_view path);

// Text with the colours of exporters/status/text.hpp as HTML; safe between any tags.
std::string to_html_text(std::string_view text);

extern const std::string_view style_sheet;  // of all pages, at style_path
inline constexpr std::string_view style_path = "/style.css";

}  // namespace lastgood
