// The lines of smartctl's text output, and the fields that have a form of their own. Pure.
#pragma once

#include <string>
#include <string_view>

namespace lastgood {

// Splits a text into lines; removes mail quotes and no-break spaces.
class SmartctlLines {
  public:
    explicit SmartctlLines(std::string_view text) : rest_(text) {}

    // False at the end of the text.
    bool next(std::string& line);
    // The line that next() gave, as it stands in the text.
    std::string_view raw() const { return raw_; }

  private:
    std::string_view rest_, raw_;
};

// The first line of every output: "smartctl 7.1 2019-12-30 r5022 […", "smartctl version 5.38 […"
bool read_version(std::string_view line, int& major, int& minor);

// The device name after the last "/dev/"; empty if there is none.
std::string device_in(std::string_view line);

// Empty for placeholders of an identity that somebody removed.
std::string identity(std::string_view text);

// "5 000c50 0a1b2c3d4" (NAA, OUI, vendor's number) → "0x5000c500a1b2c3d4"; else empty.
std::string wwn_of(std::string_view text);

std::string unit_id_of(std::string_view text);

}  // namespace lastgood
