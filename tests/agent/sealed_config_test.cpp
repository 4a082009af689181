#include "agent/sealed_config.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>

#include "agent/config_file.hpp"
#include "tests/support.hpp"

using namespace lastgood;

TEST_CASE("the configuration that children get can be read and never changed") {
    Config config;
    config.textfile_path = "/srv/lastgood.prom";
    const auto sealed = seal_config(config);
    REQUIRE(sealed.has_value());
    const std::string path = fmt::format("/proc/self/fd/{}", sealed->get());
    CHECK(test::read_file(path) == to_toml(config));
    CHECK(test::read_file(path) == to_toml(config));  // each opening has its own offset
    CHECK((::fcntl(sealed->get(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(::write(sealed->get(), "x", 1) < 0);

    const Descriptor writable(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(writable.get() >= 0);
    CHECK((::write(writable.get(), "x", 1) < 0 && errno == EPERM));
    CHECK((::ftruncate(writable.get(), 0) < 0 && errno == EPERM));
    CHECK((::ftruncate(writable.get(), 1 << 20) < 0 && errno == EPERM));
    CHECK(test::read_file(path) == to_toml(config));
}

TEST_CASE("without a free descriptor there is an error, not an empty configuration") {
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const rlimit none{3, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    const auto sealed = seal_config({});
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    REQUIRE_FALSE(sealed.has_value());
    CHECK(sealed.error().message == "cannot keep the configuration in memory: Too many open files");
}
