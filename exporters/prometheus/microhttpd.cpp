#include "exporters/prometheus/microhttpd.hpp"

#include <dlfcn.h>
#include <fmt/core.h>

#include <string>

namespace lastgood {

namespace {

constexpr const char* library_name = "libmicrohttpd.so.12";  // the ABI since 0.9.60

// dlerror(3) speaks of the last failure in this thread.
std::string why_not() {
    const char* const message = ::dlerror();  // NOLINT(concurrency-mt-unsafe): glibc's is safe
    return message != nullptr ? message : "no reason is known";
}

template <class Function>
bool find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(::dlsym(library, name));
    return function != nullptr;
}

bool find_all(void* library, Microhttpd& functions) {
    return find(library, "MHD_start_daemon", functions.start_daemon) &&
           find(library, "MHD_stop_daemon", functions.stop_daemon) &&
           find(library, "MHD_run", functions.run) &&
           find(library, "MHD_get_timeout", functions.get_timeout) &&
           find(library, "MHD_get_daemon_info", functions.get_daemon_info) &&
           find(library, "MHD_add_connection", functions.add_connection) &&
           find(library, "MHD_get_connection_info", functions.get_connection_info) &&
           find(library, "MHD_lookup_connection_value", functions.lookup_connection_value) &&
           find(library, "MHD_suspend_connection", functions.suspend_connection) &&
           find(library, "MHD_resume_connection", functions.resume_connection) &&
           find(library, "MHD_create_response_from_buffer_with_free_callback_cls",
                functions.create_response) &&
           find(library, "MHD_add_response_header", functions.add_response_header) &&
           find(library, "MHD_queue_response", functions.queue_response) &&
           find(library, "MHD_destroy_response", functions.destroy_response);
}

}  // namespace

Result<const Microhttpd*> load_microhttpd() {
    static Microhttpd functions;
    static bool loaded = false;
    if (!loaded) {
        void* const library = ::dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
        if (library == nullptr || !find_all(library, functions))
            return fail(ErrorKind::absent,
                        fmt::format("cannot load {} ({}); install the package libmicrohttpd12",
                                    library_name, why_not()));
        loaded = true;
    }
    return &functions;
}

}  // namespace lastgood
