// Who else could have changed a configuration, and what is no file.
#include "agent/config/source_file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/config_file.hpp"
#include "core/bytes.hpp"
#include "core/descriptor.hpp"
#include "core/text.hpp"
#include "tests/support.hpp"
#include "tests/temporary_directory.hpp"

using namespace lastgood;

namespace {

constexpr const char* with_command = "[[collector]]\nname = \"c\"\ncommand = \"/usr/bin/id\"\n";

std::string distrust_of(const std::string& path) {
    const auto source = read_config_source(path);
    REQUIRE_MESSAGE(source.has_value(), source.error().message);
    return source->distrust;
}

std::string error_of(const std::string& path) {
    const auto source = read_config_source(path);
    return source ? "" : source.error().message;
}

void set_mode(const std::string& path, mode_t mode) {
    REQUIRE(::chmod(path.c_str(), mode) == 0);
}

}  // namespace

TEST_CASE("a file that only its owner may change is trusted") {
    const test::TemporaryDirectory place;
    const std::string file = place.write("sub/x.toml", with_command);
    set_mode(file, 0644);
    CHECK(distrust_of(file).empty());
    CHECK(read_config_source(file)->text == with_command);
    CHECK(distrust_of(place.at("sub/../sub/./x.toml")).empty());
    place.link("link.toml", "sub/x.toml");
    place.link("absolute.toml", file);
    CHECK(distrust_of(place.at("link.toml")).empty());
    CHECK(distrust_of(place.at("absolute.toml")).empty());
}

TEST_CASE(
    "a file, or a directory above it, that others may write to is told with the command that mends "
    "it") {
    const test::TemporaryDirectory place;
    const std::string file = place.write("sub/x.toml", with_command);
    const std::string directory = place.at("sub");
    set_mode(file, 0664);
    CHECK(distrust_of(file) == "its group may write to " + file + "; mend it: chmod go-w " + file);
    set_mode(file, 0666);
    CHECK(contains(distrust_of(file), "everybody may write to"));
    set_mode(file, 0644);
    set_mode(directory, 0777);
    CHECK(distrust_of(file) ==
          "everybody may write to " + directory + "; mend it: chmod go-w " + directory);
    place.link("link.toml", "sub/x.toml");
    CHECK(contains(distrust_of(place.at("link.toml")), directory));
    set_mode(directory, 01777);  // as /tmp
    CHECK(distrust_of(file).empty());
}

TEST_CASE("a file, directory or link of another user is told") {
    if (::geteuid() != 0) return test::skip("only root can give files away");
    const test::TemporaryDirectory place;
    const std::string file = place.write("sub/x.toml", with_command);
    constexpr uid_t other = 12345;
    REQUIRE(::chown(file.c_str(), other, 0) == 0);
    CHECK(distrust_of(file) ==
          file + " belongs to the user with the id 12345; mend it as root: chown root " + file);
    REQUIRE(::chown(file.c_str(), 0, other) == 0);
    CHECK(distrust_of(file).empty());
    REQUIRE(::chown(place.at("sub").c_str(), other, 0) == 0);
    CHECK(contains(distrust_of(file), place.at("sub") + " belongs to"));
    REQUIRE(::chown(place.at("sub").c_str(), 0, 0) == 0);
    place.link("link.toml", "sub/x.toml");
    REQUIRE(::lchown(place.at("link.toml").c_str(), other, 0) == 0);
    CHECK(contains(distrust_of(place.at("link.toml")),
                   "the link " + place.at("link.toml") + " belongs to"));
}

TEST_CASE("what others may change must not run commands or say where files are written") {
    const test::TemporaryDirectory place;
    const auto reading_of = [&](const std::string& text) {
        const std::string file = place.write("x.toml", text);
        set_mode(file, 0666);
        return read_whole_config(file);
    };
    for (const std::string& text :
         {std::string(with_command), std::string("state_directory = \"/s\"\n"),
          std::string("runtime_directory = \"/s\"\n"),
          std::string("[textfile]\npath = \"/s.prom\"\n"),
          std::string("[serve]\nuser = \"root\"\n")}) {
        const auto reading = reading_of(text);
        CAPTURE(text);
        REQUIRE(reading.mistakes.size() == 1);
        CHECK(
            contains(reading.mistakes[0].text, "but everybody may write to " + place.at("x.toml")));
        CHECK(reading.warnings.empty());
        CHECK(read_config(place.at("x.toml"), {}, ConfigTrust::not_needed).has_value());
    }
    const auto harmless = reading_of("[drives]\nloop_devices = true\n");
    CHECK(harmless.mistakes.empty());
    REQUIRE(harmless.warnings.size() == 1);
    CHECK(contains(to_string(harmless.warnings[0]), "x.toml: everybody may write to"));
}

TEST_CASE("only a regular file that is not too large is read, and nothing blocks") {
    const test::TemporaryDirectory place;
    REQUIRE(::mkfifo(place.at("fifo").c_str(), 0600) == 0);
    CHECK(contains(error_of(place.at("fifo")), "is a FIFO; a configuration is a regular file"));
    place.link("link", "fifo");
    CHECK(contains(error_of(place.at("link")), "is a FIFO"));
    CHECK(contains(error_of(place.path), "is a directory"));
    CHECK(contains(error_of("/dev/zero"), "is a device"));
    CHECK(read_config_source("/dev/null")->text.empty());
    place.write("large.toml", std::string(mib + 1, '#'));
    CHECK(contains(error_of(place.at("large.toml")), "more than 1 MiB"));
    place.write("exact.toml", std::string(mib, '#'));
    CHECK(error_of(place.at("exact.toml")).empty());
    place.link("loop", "loop");
    CHECK(contains(error_of(place.at("loop")), "symbolic links"));
    CHECK(read_config_source(place.at("none")).error().kind == ErrorKind::absent);
    CHECK(read_config_source(place.at("exact.toml/x")).error().kind == ErrorKind::absent);
    const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    place.at("socket").copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    CHECK(contains(error_of(place.at("socket")), "is a socket"));
}

TEST_CASE("the sealed memory file of the agent is trusted, one that can be changed is not") {
    const Descriptor file(::memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    const std::string text = with_command;
    REQUIRE(::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    const std::string path = "/proc/self/fd/" + std::to_string(file.get());
    CHECK_FALSE(read_config(path).has_value());  // its mode is 0777
    REQUIRE(::fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE) == 0);
    const auto source = read_config_source(path);
    REQUIRE(source.has_value());
    CHECK(source->is_accepted);
    CHECK(source->distrust.empty());
    CHECK(source->text == text);
    CHECK(read_config(path).has_value());
}
