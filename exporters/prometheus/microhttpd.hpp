// Loads libmicrohttpd when the listener starts. Linked, it would load GnuTLS into every process of
// lastgood: 0.4 MB of private memory each. The header gives each function its type, so the compiler
// checks the calls. Sources: microhttpd.h of 0.9.75 and 1.0.1, which have the same ABI.
#pragma once

#include <microhttpd.h>

#include "core/result.hpp"

namespace lastgood {

struct Microhttpd {
    decltype(&MHD_start_daemon) start_daemon = nullptr;
    decltype(&MHD_stop_daemon) stop_daemon = nullptr;
    decltype(&MHD_run) run = nullptr;
    decltype(&MHD_get_timeout) get_timeout = nullptr;
    decltype(&MHD_get_daemon_info) get_daemon_info = nullptr;
    decltype(&MHD_add_connection) add_connection = nullptr;
    decltype(&MHD_get_connection_info) get_connection_info = nullptr;
    decltype(&MHD_lookup_connection_value) lookup_connection_value = nullptr;
    decltype(&MHD_suspend_connection) suspend_connection = nullptr;
    decltype(&MHD_resume_connection) resume_connection = nullptr;
    decltype(&MHD_create_response_from_buffer_with_free_callback_cls) create_response = nullptr;
    decltype(&MHD_add_response_header) add_response_header = nullptr;
    decltype(&MHD_queue_response) queue_response = nullptr;
    decltype(&MHD_destroy_response) destroy_response = nullptr;
};

// Loads it at the first call; it stays loaded. Blocks for a disk access. Call it before threads
// start. Error: absent, with the package to install.
Result<const Microhttpd*> load_microhttpd();

}  // namespace lastgood
