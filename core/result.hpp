// Failures are returned as values with context; the caller must check them.
#pragma once

#include <string>
#include <system_error>
#include <tl/expected.hpp>
#include <utility>

namespace lastgood {

enum class ErrorKind {
    absent,     // it does not exist here; not a failure
    denied,     // no permission to look; it may exist
    failed,     // it exists but could not be read
    malformed,  // it was read but makes no sense
    timed_out,  // no answer within the deadline
};

struct Error {
    ErrorKind kind;
    std::string message;  // names its subject; written for an administrator
};

// A value or an Error. The compiler rejects an ignored one (-Werror).
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
  public:
    using tl::expected<T, Error>::expected;
};

using Failure = tl::unexpected<Error>;

inline Failure fail(ErrorKind kind, std::string message) {
    return Failure(Error{kind, std::move(message)});
}

// An errno in words: "No such file or directory". Unlike strerror(3), every thread may call it.
inline std::string errno_text(int error) {
    return std::generic_category().message(error);
}

}  // namespace lastgood
