#include "agent/commands/last_words.hpp"

#include <signal.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string>

#include "core/print.hpp"

namespace lastgood {

namespace {

std::array<char, 16384> spare_stack;  // the usual one may have overflowed

// Async-signal-safe. The signal has its default action again, so it ends the process as it would
// have without this handler.
void tell_signal(int number) {
    const char* const name = ::sigabbrev_np(number);  // from a table; NULL: no standard signal
    print_last_words("lastgood: ended by signal SIG");
    print_last_words(name == nullptr ? "?" : name);
    print_last_words("\n");
    ::raise(number);
}

[[noreturn]] void tell_exception() {
    try {
        if (const auto error = std::current_exception()) std::rethrow_exception(error);
        print_last_words("lastgood: ended by an unexpected error\n");
    } catch (const std::bad_alloc&) {
        print_last_words("lastgood: ended by an unexpected error: out of memory\n");
    } catch (const std::exception& error) {
        print_error(std::string("lastgood: ended by an unexpected error: ") + error.what());
    } catch (...) {
        print_last_words("lastgood: ended by an unexpected error of an unknown kind\n");
    }
    ::signal(SIGABRT, SIG_DFL);  // one line is enough
    std::abort();
}

}  // namespace

void tell_uncaught_exceptions() {
    std::set_terminate(tell_exception);
}

void tell_fatal_signals() {
    const stack_t stack{spare_stack.data(), 0, spare_stack.size()};
    ::sigaltstack(&stack, nullptr);
    struct sigaction action {};
    action.sa_handler = tell_signal;
    action.sa_flags = SA_ONSTACK | static_cast<int>(SA_RESETHAND);
    for (const int number :
         {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP, SIGXCPU, SIGQUIT, SIGPWR})
        ::sigaction(number, &action, nullptr);
    for (const int number : {SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO})
        ::signal(number, SIG_IGN);
}

}  // namespace lastgood
