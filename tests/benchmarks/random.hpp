// Random numbers that are the same on every machine, for simulations.
#pragma once

#include <cmath>
#include <cstdint>

namespace lastgood::simulation {

// splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
class Random {
  public:
    explicit Random(uint64_t seed) : state_(seed) {}

    uint64_t next() {
        uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31U);
    }
    double uniform() { return static_cast<double>(next() >> 11U) * 0x1p-53; }  // [0, 1)
    double between(double low, double high) { return low + (high - low) * uniform(); }
    bool chance(double probability) { return uniform() < probability; }
    int below(int limit) { return static_cast<int>(uniform() * limit); }
    double normal() {
        if (spare_ready_) {
            spare_ready_ = false;
            return spare_;
        }
        const double radius = std::sqrt(-2 * std::log(1 - uniform()));
        const double angle = 6.283185307179586 * uniform();
        spare_ = radius * std::sin(angle);
        spare_ready_ = true;
        return radius * std::cos(angle);
    }
    // A sum of four uniforms: quick, without tails. For the noise of each minute.
    double roughly_normal() {
        const uint64_t bits = next();
        double sum = 0;
        for (unsigned shift = 0; shift < 64; shift += 16)
            sum += static_cast<double>(bits >> shift & 0xffffU);
        return (sum / 65536 - 2) * 1.7320508;
    }
    double roughly(double median, double sigma) {
        return median * std::exp(sigma * roughly_normal());
    }
    double around(double median, double sigma) { return median * std::exp(sigma * normal()); }
    double exponential(double mean) { return -mean * std::log(1 - uniform()); }
    // Poisson, by a normal where that is near enough.
    double events(double mean) {
        if (mean > 30) return std::max(0.0, std::round(mean + std::sqrt(mean) * roughly_normal()));
        const double limit = std::exp(-mean);
        double product = uniform();
        double count = 0;
        while (product > limit) {
            ++count;
            product *= uniform();
        }
        return count;
    }

  private:
    uint64_t state_;
    double spare_ = 0;
    bool spare_ready_ = false;
};

}  // namespace lastgood::simulation
