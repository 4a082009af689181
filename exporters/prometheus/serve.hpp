// The HTTP side: /metrics, /-/healthy and a plain page. Never has more rights than to read the
// report.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.hpp"
#include "core/result.hpp"

namespace lastgood {

// civetweb's listening_ports for `listen`: "127.0.0.1:9847", "[::1]:9847", "localhost:9847";
// "[::]:9847" and ":9847" mean every address. The alternatives are tried one after the other (IPv6
// may be switched off in the kernel).
Result<std::vector<std::string>> parse_listen_address(std::string_view listen);

struct HttpAnswer {
    int status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string body;
};

// Listens until mg_stop; for tests and serve(). `answer` is called with the path of each GET, from
// up to two threads.
class HttpServer {
  public:
    using Answer = std::function<HttpAnswer(std::string_view path)>;

    HttpServer() = default;
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;
    ~HttpServer();

    Result<void> start(std::string_view listen, Answer answer);
    int port() const;  // what the kernel gave when it was asked for port 0

  private:
    struct State;
    State* state_ = nullptr;
};

// What the server says to a path, out of the report at `report_path`.
HttpServer::Answer make_pages(const std::string& report_path);

// `lastgood serve`: gives up all privileges and inherited descriptors, listens on config.listen,
// answers until SIGTERM, SIGINT or SIGHUP. Returns the exit code: 0, or 3 with a message on
// standard error.
// With `end_with_parent` it is killed when the process that started it ends, however that ends.
int run_serve(const Config& config, bool end_with_parent = false);

}  // namespace lastgood
