// The HTTP server of `lastgood serve`. One thread: it accepts connections itself, decides by
// Clients which of them stay, and lets libmicrohttpd, in epoll mode, read requests and send
// answers.
//
// Every connection has one request and is then closed ("Connection: close"): a bound on its whole
// life then is a bound on one answer, and a scrape each 15 s gains nothing from a connection that
// stays. Only GET and HEAD are answered. No body is read: such a request is answered with 405 or
// 413 and its connection closed.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "core/time.hpp"
#include "exporters/prometheus/protection.hpp"

namespace lastgood {

// Of a request; the views are valid during the call. accept and accept_encoding are "" if the
// client does not send them.
struct HttpRequest {
    std::string_view path, accept = {}, accept_encoding = {};
};

// Text that many answers share: slow readers of one page hold one copy of it.
class SharedText {
  public:
    SharedText() = default;
    SharedText(std::string text) : text_(std::make_shared<const std::string>(std::move(text))) {}
    SharedText(const char* text) : SharedText(std::string(text)) {}
    SharedText(std::shared_ptr<const std::string> text) : text_(std::move(text)) {}

    std::string_view view() const { return text_ ? std::string_view(*text_) : std::string_view(); }

  private:
    std::shared_ptr<const std::string> text_;
};

struct HttpAnswer {
    int status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    SharedText body = {};
    std::string content_encoding = {};  // "": the body is as it is
    std::string vary = {};              // the headers of a request that may change the answer
};

// Listens from start() until it is destroyed.
class HttpServer {
  public:
    // Called with each request, from the server's thread.
    using Answer = std::function<HttpAnswer(const HttpRequest& request)>;

    HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;
    ~HttpServer();  // ends all connections, waits for the thread

    // Returns as soon as the server listens; call it once. `listen`: as parse_listen_address()
    // takes it. Errors: malformed, if `listen` is not an address, or if TLS refuses the certificate
    // or key; absent, if libmicrohttpd is missing; failed, if it cannot listen there.
    Result<void> start(std::string_view listen, Answer answer, Protection protection = {});
    // For connections from now on; those that are open keep what they have. Call it after start(),
    // from the same thread. Errors: malformed as above: then all stays as it was.
    Result<void> protect(Protection protection);
    // The port it listens on, also if the kernel chose it (port 0); 0 before start().
    int port() const;
    // A connection to the server that is not counted among the clients and needs neither TLS nor a
    // password, for a check of itself. -1: no descriptor is left.
    int connect_inside();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace lastgood
