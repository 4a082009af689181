// The HTTP server of `lastgood serve`: /metrics, /-/healthy and a start page. Its process has no
// privileges and reads only the report.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.hpp"
#include "core/report.hpp"
#include "core/result.hpp"

namespace lastgood {

// Translates `listen` to civetweb's option listening_ports. Accepts a numeric address and a port
// from 0 to 65535: "127.0.0.1:9847", "[::1]:9847"; also "localhost:9847". "[::]:9847", "*:9847" and
// ":9847" mean every address. The results are alternatives: try the next one if one fails, because
// IPv6 may be disabled in the kernel. Error: malformed, with an example of a correct address.
Result<std::vector<std::string>> parse_listen_address(std::string_view listen);

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
    SharedText body;
    std::string content_encoding = {};  // "": the body is as it is
};

// An HTTP server that listens from start() until it is destroyed. Sixteen threads of civetweb 1.15
// answer GET and HEAD; a client that does not finish its request is disconnected after 3 s.
class HttpServer {
  public:
    // Called with each request, from several threads at a time.
    using Answer = std::function<HttpAnswer(const HttpRequest& request)>;

    HttpServer() = default;
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;
    ~HttpServer();  // waits for the server's threads

    // Returns as soon as the server listens. Errors: malformed, if `listen` is not an address;
    // failed, if it cannot listen there.
    Result<void> start(std::string_view listen, Answer answer);
    // The port it listens on, also if the kernel chose it (port 0); 0 before start().
    int port() const;

  private:
    struct State;
    State* state_ = nullptr;
};

// The start page: the screen of `lastgood status`, 120 columns wide. Pure.
std::string page_of(const Report& report, Timestamp now);

// Answers paths from the report at `report_path`: 200, 503 for /-/healthy without a fresh report,
// or 404. `rules_page` makes the page /rules; if it is empty, there is none. Safe to call from
// several threads.
HttpServer::Answer make_pages(const std::string& report_path,
                              std::function<std::string()> rules_page = {});

// `lastgood serve`: closes inherited descriptors, drops all privileges, listens on config.listen
// and answers until SIGTERM, SIGINT or SIGHUP. Returns the exit code: 0, or 3 with a message on
// standard error. With `end_with_parent` the kernel kills this process when the process that
// started it ends. Changes the whole process (signals, descriptors, credentials): call it from main
// only.
int run_serve(const Config& config, bool end_with_parent = false,
              std::function<std::string()> rules_page = {});

}  // namespace lastgood
