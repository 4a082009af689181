#include "agent/supervise/guarded.hpp"

#include <exception>
#include <new>
#include <string>

#include "agent/log.hpp"
#include "core/print.hpp"

namespace lastgood {

void end_after_exception(sd_event* event) noexcept {
    try {
        throw;
    } catch (const std::bad_alloc&) {
        print_last_words("lastgood: out of memory: the agent ends\n");
    } catch (const std::exception& error) {
        log(LogLevel::error, std::string("an unexpected error ends the agent: ") + error.what());
    } catch (...) {
        print_last_words("lastgood: an unexpected error of an unknown kind ends the agent\n");
    }
    sd_event_exit(event, unexpected_error);
}

}  // namespace lastgood
