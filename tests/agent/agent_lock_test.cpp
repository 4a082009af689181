#include "agent/agent_lock.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/temporary_directory.hpp"

using namespace lastgood;
using namespace lastgood::test;

namespace {

// A process that takes the lock, forks a child that keeps the descriptor for 0.3 s, and ends.
// Returns what it exits with: 0, it had the lock.
int lock_and_leave_a_child(int directory, const std::string& path) {
    const pid_t agent = ::fork();
    if (agent == 0) {
        ::setsid();  // the number of a session stands in /proc/locks as long as it has processes
        const auto lock = AgentLock::take(directory, path);
        if (!lock) ::_exit(1);
        if (::fork() == 0) ::usleep(300'000);
        ::_exit(0);
    }
    int status = -1;
    ::waitpid(agent, &status, 0);
    return status;
}

}  // namespace

TEST_CASE("the lock of an agent that has ended, and whose child still holds it, is waited for") {
    const TemporaryDirectory place;
    const Descriptor directory(::open(place.path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    REQUIRE(lock_and_leave_a_child(directory.get(), place.path) == 0);
    CHECK(AgentLock::take(directory.get(), place.path).has_value());
}

TEST_CASE("the lock of a living agent is refused, with its number") {
    const TemporaryDirectory place;
    const Descriptor directory(::open(place.path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    const auto first = AgentLock::take(directory.get(), place.path);
    REQUIRE(first);
    const auto second = AgentLock::take(directory.get(), place.path);
    REQUIRE_FALSE(second);
    CHECK(second.error().message.find(std::to_string(::getpid())) != std::string::npos);
}
