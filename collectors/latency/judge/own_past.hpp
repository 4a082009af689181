// What is usual for a drive without siblings: its latency by rate and size of requests. Pure.
#pragma once

#include <array>
#include <optional>

#include "collectors/latency/judge/minute.hpp"

namespace lastgood {

class OwnPast {
  public:
    static constexpr size_t rates = 12, sizes = 3;
    // Logarithms of latencies.
    struct Bin {
        float mean = 0, deviation = 0, count = 0;
    };

    struct Ratio {
        double log_ratio = 0;  // ln of its latency / the usual one
        Seconds latency = 0, usual = 0;
        bool slow = false;
    };
    // nullopt: fewer than 300 minutes of such work are known.
    std::optional<Ratio> compare(const Minute::Part& part, DriveClass kind) const;
    void learn(const Minute::Part& part);

    std::array<Bin, rates * sizes>& bins() { return bins_; }
    const std::array<Bin, rates * sizes>& bins() const { return bins_; }

  private:
    std::array<Bin, rates * sizes> bins_{};
};

}  // namespace lastgood
