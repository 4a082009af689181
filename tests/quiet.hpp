// Discards standard output while it exists: what a tested command prints is no line of TAP.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "core/descriptor.hpp"

namespace lastgood::test {

class Quiet {
  public:
    Quiet() : before_(::dup(STDOUT_FILENO)) { redirect(Descriptor(::open("/dev/null", O_WRONLY))); }
    ~Quiet() { redirect(before_); }
    Quiet(const Quiet&) = delete;
    Quiet& operator=(const Quiet&) = delete;

  private:
    static void redirect(const Descriptor& target) {
        std::fflush(stdout);
        ::dup2(target.get(), STDOUT_FILENO);
    }
    Descriptor before_;
};

}  // namespace lastgood::test
