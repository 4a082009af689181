// Reads values of TOML and collects what is wrong with them, so that one run tells all of it.
#pragma once

#include <toml++/toml.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config/reading.hpp"
#include "agent/config/source_file.hpp"

namespace lastgood {

// Bounds of durations and sizes: with larger ones, sums and products of them are not exact or do
// not fit.
inline constexpr Seconds shortest_duration = 0.001;
inline constexpr Seconds shortest_interval = 0.1;  // of a collector's runs
inline constexpr Seconds longest_duration = 100 * 365.25 * 86400;
inline constexpr double largest_size = 9.2e18;  // bytes; below 2^63

class ConfigReader {
  public:
    explicit ConfigReader(ConfigReading& reading) : reading_(reading) {}
    ConfigReader(const ConfigReader&) = delete;
    ConfigReader& operator=(const ConfigReader&) = delete;

    Config& config() { return reading_.config; }

    // Between begin_file() and end_file(), places are in this file. end_file() sorts the remarks.
    void begin_file(const std::string& name, const ConfigSource& source);
    void end_file();
    // Whether a running agent has accepted this text already.
    bool is_accepted() const { return source_.is_accepted; }
    // Time by which the file is judged: a clock that was set back must not refuse what it says.
    Timestamp judged_at() const;

    void refuse(const toml::source_region& where, std::string text);
    void refuse_file(ErrorKind kind, std::string text);  // as a whole
    void refuse_line(size_t line, std::string text);
    void warn(const toml::source_region& where, std::string text);
    // For a key that is not among `known` in `section`, like "in [serve]".
    void refuse_key(const toml::key& key, std::string_view section,
                    const std::vector<std::string>& known);
    // The same in other words: what is wrong, and the sentence that lists what is known.
    void refuse_word(const toml::key& key, std::string_view text,
                     const std::vector<std::string>& known, std::string_view known_are);

    // What is at this place makes lastgood run a program or write files, which only an
    // administrator may do: "runs a command".
    void require_trust(const toml::source_region& where, std::string_view what);

    // Of several uses with the same `key`, only the last counts; "": all count.
    void rely_on(const toml::source_region& where, ConfigNeed need, std::string value,
                 std::string_view key = {});

    void note_hop(const toml::source_region& where, const Backup& hop, bool has_limit);

    // The place that took this name before; nullopt: it is free, and is taken now.
    std::optional<ConfigPlace> take(const std::string& name, const toml::source_region& where);

    // Each returns whether `value` is set to what the node says; if not, it refuses the node.
    bool read(const toml::node& node, std::string_view key, std::string& value);
    bool read(const toml::node& node, std::string_view key, bool& value);
    bool read(const toml::node& node, std::string_view key, Seconds& value,
              Seconds shortest = shortest_duration);
    bool read(const toml::node& node, std::string_view key, std::vector<std::string>& value);
    bool read_size(const toml::node& node, std::string_view key, std::optional<double>& value);
    // An absolute path that the kernel would take.
    bool read_path(const toml::node& node, std::string_view key, std::string& value);
    bool check_path(const toml::node& node, std::string_view key, std::string_view path);
    // A name of a backup or collector: letters, digits and - _ . @.
    bool read_name(const toml::node& node, std::string& value);

  private:
    ConfigPlace place(const toml::source_region& where) const;

    ConfigReading& reading_;
    std::string file_;
    ConfigSource source_;
    bool distrust_told_ = false;
    size_t first_mistake_ = 0, first_warning_ = 0;  // of this file
    std::map<std::string, ConfigPlace> taken_;
    std::map<std::string, size_t> uses_;  // index of the use of each key
};

// "FILE:3", for another remark to point at.
std::string to_string(const ConfigPlace& place);

}  // namespace lastgood
