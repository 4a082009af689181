// Sets this process's time zone for a scope.
#pragma once

#include <cstdlib>
#include <ctime>
#include <optional>
#include <string>

namespace lastgood::test {

class TimeZone {
  public:
    // `zone` as in TZ(3): "Europe/Berlin" needs tzdata, "CET-1CEST,M3.5.0,M10.5.0/3" does not.
    explicit TimeZone(const char* zone) {
        if (const char* before = std::getenv("TZ")) before_ = before;
        ::setenv("TZ", zone, 1);
        ::tzset();
    }
    ~TimeZone() {
        if (before_)
            ::setenv("TZ", before_->c_str(), 1);
        else
            ::unsetenv("TZ");
        ::tzset();
    }
    TimeZone(const TimeZone&) = delete;
    TimeZone& operator=(const TimeZone&) = delete;

  private:
    std::optional<std::string> before_;
};

}  // namespace lastgood::test
