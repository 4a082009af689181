// HttpServer, implemented with civetweb 1.15.
#include <civetweb.h>
#include <fmt/format.h>

#include <cstdint>
#include <cstring>
#include <mutex>

#include "core/text.hpp"
#include "exporters/prometheus/serve.hpp"

namespace lastgood {

struct HttpServer::State {
    Answer answer;
    mg_context* context = nullptr;
    std::mutex mutex;
    std::string
        complaint;  // civetweb's first error message at start; later ones only follow from it
};

namespace {

const char* reason(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 503:
            return "Service Unavailable";
        default:
            return "Internal Server Error";
    }
}

const char* header(mg_connection* connection, const char* name) {
    const char* const value = ::mg_get_header(connection, name);
    return value != nullptr ? value : "";
}

void send(mg_connection* connection, const HttpAnswer& answer, bool with_body) {
    const std::string head = fmt::format(
        "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\nConnection: close\r\n{}\r\n",
        answer.status, reason(answer.status), answer.content_type, answer.body.view().size(),
        (answer.status == 405 ? "Allow: GET, HEAD\r\n" : "") +
            (answer.content_encoding.empty()
                 ? ""
                 : fmt::format("Content-Encoding: {}\r\n", answer.content_encoding)));
    const std::string_view body = answer.body.view();
    if (::mg_write(connection, head.data(), head.size()) > 0 && with_body && !body.empty()) {
        ::mg_write(connection, body.data(), body.size());
    }
}

HttpAnswer answer_to(const HttpServer::Answer& answer, const HttpRequest& request) {
    try {
        return answer(request);
    } catch (const std::exception& error) {
        // civetweb is written in C: no exception may pass through it. The likely one is bad_alloc.
        return {500, "text/plain; charset=utf-8", fmt::format("{}\n", error.what())};
    }
}

}  // namespace

Result<std::vector<std::string>> parse_listen_address(std::string_view listen) {
    const auto wrong = [&](std::string_view why) {
        return fail(ErrorKind::malformed,
                    fmt::format("listen = \"{}\": {}; write for instance \"127.0.0.1:9847\", or "
                                "\"[::]:9847\" for every address",
                                listen, why));
    };
    const size_t colon = listen.rfind(':');
    if (colon == std::string_view::npos) {
        return wrong("the port is missing");
    }
    std::string_view address = listen.substr(0, colon);
    const auto port = parse_number<uint16_t>(listen.substr(colon + 1));
    if (!port) {
        return wrong("the port is not a number from 0 to 65535");
    }
    if (address.empty() || address == "[::]" || address == "*") {
        return std::vector{fmt::format("+{}", *port), fmt::format("0.0.0.0:{}", *port)};
    }
    if (address == "localhost") {
        address = "127.0.0.1";
    }
    if (address.front() == '[') {
        if (address.size() < 4 || address.back() != ']' ||
            !consists_of(address, "[]0123456789abcdefABCDEF:.%")) {
            return wrong("this is not an IPv6 address in brackets");
        }
    } else if (!consists_of(address, "0123456789.")) {
        // Names are not resolved: the listening address must not depend on a name server.
        return wrong("the address is not numeric");
    }
    return std::vector{fmt::format("{}:{}", address, *port)};
}

HttpServer::~HttpServer() {
    if (state_ != nullptr) {
        if (state_->context != nullptr) {
            ::mg_stop(state_->context);
        }
        delete state_;
    }
}

Result<void> HttpServer::start(std::string_view listen, Answer answer) {
    const auto addresses = parse_listen_address(listen);
    if (!addresses) {
        return tl::unexpected(addresses.error());
    }
    if (state_ == nullptr) {
        state_ = new State;
    }
    state_->answer = std::move(answer);

    mg_callbacks callbacks;
    std::memset(&callbacks, 0, sizeof callbacks);
    callbacks.log_message = [](const mg_connection* connection, const char* message) {
        auto* state = static_cast<State*>(::mg_get_user_data(::mg_get_context(connection)));
        if (state != nullptr) {
            const std::lock_guard lock(state->mutex);
            if (state->complaint.empty()) {
                state->complaint = message;
            }
        }
        return 1;  // tells civetweb not to write it to its own log
    };
    callbacks.begin_request = [](mg_connection* connection) {
        const mg_request_info* request = ::mg_get_request_info(connection);
        const auto* state =
            static_cast<const State*>(::mg_get_user_data(::mg_get_context(connection)));
        const std::string_view method = request->request_method ? request->request_method : "";
        if (method != "GET" && method != "HEAD") {
            send(connection, {405, "text/plain; charset=utf-8", "Only GET and HEAD.\n"}, true);
            return 405;
        }
        const HttpAnswer reply = answer_to(
            state->answer, {.path = request->local_uri != nullptr ? request->local_uri : "",
                            .accept = header(connection, "Accept"),
                            .accept_encoding = header(connection, "Accept-Encoding")});
        send(connection, reply, method == "GET");
        return reply.status;
    };

    ::mg_init_library(MG_FEATURES_IPV6);
    for (const std::string& address : *addresses) {
        // No keep-alive: connections that stay open would occupy the threads. Sixteen threads: a
        // client that never finishes its request occupies one for request_timeout_ms, and a scrape
        // must still be answered in time beside several of them.
        const char* options[] = {"listening_ports",
                                 address.c_str(),
                                 "num_threads",
                                 "16",
                                 "request_timeout_ms",
                                 "3000",
                                 "max_request_size",
                                 "8192",
                                 "connection_queue",
                                 "16",
                                 "listen_backlog",
                                 "16",
                                 "enable_keep_alive",
                                 "no",
                                 "enable_directory_listing",
                                 "no",
                                 nullptr};
        state_->complaint.clear();
        state_->context = ::mg_start(&callbacks, state_, options);
        if (state_->context != nullptr) {
            return {};
        }
    }
    return fail(ErrorKind::failed,
                fmt::format("cannot listen on {}: {}", listen, state_->complaint));
}

int HttpServer::port() const {
    mg_server_port ports[4] = {};
    if (state_ == nullptr || state_->context == nullptr ||
        ::mg_get_server_ports(state_->context, 4, ports) < 1) {
        return 0;
    }
    return ports[0].port;
}

}  // namespace lastgood
