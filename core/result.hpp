// Failures are returned with context and must be checked.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace lastgood {

enum class ErrorKind {
    absent,     // there is no such thing here: an empty answer, not a failure
    denied,     // it may be there, but we may not look
    failed,     // it is there and could not be read
    malformed,  // it was read and makes no sense
    timed_out,  // it did not answer within its deadline
};

struct Error {
    ErrorKind kind;
    std::string message;  // with its subject, ready for an administrator to read
};

// A value or an Error; discarding one is a compile error under -Werror.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
  public:
    using tl::expected<T, Error>::expected;
};

using Failure = tl::unexpected<Error>;

inline Failure fail(ErrorKind kind, std::string message) {
    return Failure(Error{kind, std::move(message)});
}

}  // namespace lastgood
