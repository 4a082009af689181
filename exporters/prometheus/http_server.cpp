#include "exporters/prometheus/http_server.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

#include "core/clock.hpp"
#include "core/descriptor.hpp"
#include "exporters/prometheus/clients.hpp"
#include "exporters/prometheus/listen_address.hpp"
#include "exporters/prometheus/microhttpd.hpp"

namespace lastgood {

namespace {

constexpr size_t request_limit = 8 * 1024;  // bytes of the request's head, and of the answer's
constexpr unsigned idle_limit = 30;         // s; Clients ends connections earlier
constexpr Seconds pause_without_resources = 0.05;
constexpr size_t own_descriptors = 24;  // standard streams, sockets, epoll, report

// At one time as many connections are accepted as one address may have, so two thirds are kept.
Clients::Limits limits_of_process() {
    Clients::Limits limits;
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY) {
        const size_t left = files.rlim_cur > own_descriptors ? files.rlim_cur - own_descriptors : 0;
        limits.all = std::clamp<size_t>(left * 2 / 3, 4, limits.all);
    }
    limits.of_one_address = std::min(limits.of_one_address, limits.all / 2);
    return limits;
}

// Ends a connection whose descriptor libmicrohttpd owns: it finds the end when it runs next. What
// is not sent yet is thrown away; the kernel would keep it for minutes.
void hang_up(int socket) {
    const linger now{1, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::shutdown(socket, SHUT_RDWR);
}

void delete_text(void* text) {
    delete static_cast<SharedText*>(text);
}

}  // namespace

struct HttpServer::State {
    State(const Microhttpd& functions, Answer answers)
        : mhd(functions),
          answer(std::move(answers)),
          limits(limits_of_process()),
          clients(limits) {}
    ~State();

    static void on_connection(void* server, MHD_Connection* connection, void** context,
                              MHD_ConnectionNotificationCode what);
    static MHD_Result on_request(void* server, MHD_Connection* connection, const char* url,
                                 const char* method, const char* version, const char* body,
                                 size_t* body_size, void** context);

    bool start_daemon();
    void run();
    void wait();
    void take_inside();
    void accept_some();
    void add(int socket, const sockaddr_storage& address, socklen_t size, bool counted);
    HttpAnswer reply_to(MHD_Connection* connection, const char* url, std::string_view method);
    MHD_Result send(MHD_Connection* connection, HttpAnswer reply);
    std::string_view header(MHD_Connection* connection, const char* name) const;
    Clients::Number number_of(MHD_Connection* connection) const;

    const Microhttpd& mhd;
    Answer answer;
    Descriptor listener;
    Descriptor wake;  // eventfd: `inside` or `stopping` has changed
    MHD_Daemon* daemon = nullptr;
    int epoll = -1;  // the daemon's

    const Clients::Limits limits;
    Clients clients;
    Clients::Number adding = 0;  // of the connection that is being added; 0: not counted
    Seconds accept_again_at = 0;

    std::atomic<bool> stopping = false;
    std::mutex mutex;  // of `inside`
    std::vector<int> inside;
    std::thread thread;
};

// Called when a connection was added, and before it is closed.
void HttpServer::State::on_connection(void* server, MHD_Connection*, void** context,
                                      MHD_ConnectionNotificationCode what) {
    auto* const state = static_cast<State*>(server);
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        *context = reinterpret_cast<void*>(state->adding);
    else
        state->clients.remove(reinterpret_cast<Clients::Number>(*context));
}

// Called when the request's head is complete. An answer that is given now ends the request: its
// body, if there is one, is not read.
MHD_Result HttpServer::State::on_request(void* server, MHD_Connection* connection, const char* url,
                                         const char* method, const char*, const char*, size_t*,
                                         void**) {
    auto* const state = static_cast<State*>(server);
    state->clients.asked(state->number_of(connection));
    return state->send(connection, state->reply_to(connection, url, method));
}

HttpServer::State::~State() {
    stopping = true;
    ::eventfd_write(wake.get(), 1);
    if (thread.joinable()) thread.join();
    if (daemon != nullptr) mhd.stop_daemon(daemon);
    for (const int socket : inside) ::close(socket);
}

bool HttpServer::State::start_daemon() {
    daemon = mhd.start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0, nullptr, nullptr, on_request, this,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, this, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        request_limit, MHD_OPTION_CONNECTION_TIMEOUT, idle_limit, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
    if (daemon == nullptr) return false;
    const MHD_DaemonInfo* const info = mhd.get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    epoll = info != nullptr ? info->epoll_fd : -1;
    return epoll >= 0;
}

void HttpServer::State::run() {
    while (!stopping) {
        wait();
        take_inside();
        accept_some();
        for (const int socket : clients.to_end(monotonic_clock())) hang_up(socket);
        mhd.run(daemon);
    }
}

// Until something happens or a time limit is reached.
void HttpServer::State::wait() {
    const Seconds now = monotonic_clock();
    Seconds until = clients.next_deadline();
    if (until == 0) until = now + idle_limit;
    const bool accepts = accept_again_at <= now;
    if (!accepts) until = std::min(until, accept_again_at);
    MHD_UNSIGNED_LONG_LONG milliseconds = 0;
    if (mhd.get_timeout(daemon, &milliseconds) == MHD_YES)
        until = std::min(until, now + static_cast<Seconds>(milliseconds) / 1000);
    std::array<pollfd, 3> waited{
        {{wake.get(), POLLIN, 0}, {epoll, POLLIN, 0}, {accepts ? listener.get() : -1, POLLIN, 0}}};
    const Seconds pause = std::max(0.0, until - now);
    ::poll(waited.data(), waited.size(), static_cast<int>(std::ceil(pause * 1000)));
}

void HttpServer::State::take_inside() {
    eventfd_t count = 0;
    ::eventfd_read(wake.get(), &count);
    std::vector<int> taken;
    {
        const std::lock_guard lock(mutex);
        taken.swap(inside);
    }
    for (const int socket : taken) {
        sockaddr_storage nowhere{};
        nowhere.ss_family = AF_UNIX;
        add(socket, nowhere, sizeof(sa_family_t), false);
    }
}

void HttpServer::State::accept_some() {
    const Seconds now = monotonic_clock();
    if (accept_again_at > now) return;
    // No more: each of them shall have its turn before it is the oldest.
    for (size_t count = 0; count < limits.of_one_address; ++count) {
        sockaddr_storage address{};
        socklen_t size = sizeof address;
        const int socket = ::accept4(listener.get(), reinterpret_cast<sockaddr*>(&address), &size,
                                     SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (socket >= 0) {
            add(socket, address, size, true);
        } else if (errno == EAGAIN) {
            return;
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            // The connection stays in the queue, so poll(2) would not wait.
            accept_again_at = now + pause_without_resources;
            return;
        }
        // Otherwise the client went away meanwhile (accept(2)).
    }
}

void HttpServer::State::add(int socket, const sockaddr_storage& address, socklen_t size,
                            bool counted) {
    adding = counted ? clients.add(socket, client_address(address), monotonic_clock()) : 0;
    if (mhd.add_connection(daemon, socket, reinterpret_cast<const sockaddr*>(&address), size) !=
        MHD_YES)
        clients.remove(adding);  // libmicrohttpd has closed the socket
}

Clients::Number HttpServer::State::number_of(MHD_Connection* connection) const {
    const MHD_ConnectionInfo* const info =
        mhd.get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info != nullptr ? reinterpret_cast<Clients::Number>(info->socket_context) : 0;
}

std::string_view HttpServer::State::header(MHD_Connection* connection, const char* name) const {
    const char* const value = mhd.lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return value != nullptr ? value : "";
}

HttpAnswer HttpServer::State::reply_to(MHD_Connection* connection, const char* url,
                                       std::string_view method) {
    if (method != "GET" && method != "HEAD")
        return {405, "text/plain; charset=utf-8", "Only GET and HEAD.\n"};
    const std::string_view length = header(connection, "Content-Length");
    if ((!length.empty() && length != "0") || !header(connection, "Transfer-Encoding").empty())
        return {413, "text/plain; charset=utf-8", "A request must not have a body.\n"};
    try {
        return answer({.path = url,
                       .accept = header(connection, "Accept"),
                       .accept_encoding = header(connection, "Accept-Encoding")});
    } catch (const std::exception& error) {
        // No exception may pass through libmicrohttpd, which is C. The likely one is bad_alloc.
        return {500, "text/plain; charset=utf-8", fmt::format("{}\n", error.what())};
    }
}

MHD_Result HttpServer::State::send(MHD_Connection* connection, HttpAnswer reply) {
    auto text = std::make_unique<SharedText>(std::move(reply.body));
    const std::string_view body = text->view();
    // Not written to: MHD_create_response_from_buffer… of 1.0 takes const void*.
    MHD_Response* const response =
        mhd.create_response(body.size(), const_cast<char*>(body.data()), delete_text, text.get());
    if (response == nullptr) return MHD_NO;  // closes the connection
    [[maybe_unused]] const auto* const owned_by_response = text.release();
    const auto add_header = [&](const char* name, const std::string& value) {
        if (!value.empty()) mhd.add_response_header(response, name, value.c_str());
    };
    add_header("Content-Type", reply.content_type);
    add_header("Content-Encoding", reply.content_encoding);
    add_header("Vary", reply.vary);
    add_header("Cache-Control", "no-store");
    add_header("X-Content-Type-Options", "nosniff");
    add_header("Connection", "close");
    if (reply.status == 405) add_header("Allow", "GET, HEAD");
    const MHD_Result queued =
        mhd.queue_response(connection, static_cast<unsigned>(reply.status), response);
    mhd.destroy_response(response);  // libmicrohttpd keeps it while it sends
    return queued;
}

HttpServer::HttpServer() = default;
HttpServer::~HttpServer() = default;

Result<void> HttpServer::start(std::string_view listen, Answer answer) {
    const auto mhd = load_microhttpd();
    if (!mhd) return Failure(mhd.error());
    auto listener = open_listener(listen);
    if (!listener) return Failure(listener.error());
    auto state = std::make_unique<State>(**mhd, std::move(answer));
    state->listener = std::move(*listener);
    state->wake = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (state->wake.get() < 0 || !state->start_daemon())
        return fail(ErrorKind::failed,
                    fmt::format("cannot listen on {}: no descriptor or memory is left", listen));
    // Signals are the main thread's business.
    sigset_t all, before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    state->thread = std::thread([running = state.get()] { running->run(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    state_ = std::move(state);
    return {};
}

int HttpServer::port() const {
    return state_ ? port_of(state_->listener.get()) : 0;
}

int HttpServer::connect_inside() {
    int ends[2];
    if (!state_ || ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        return -1;
    {
        const std::lock_guard lock(state_->mutex);
        state_->inside.push_back(ends[0]);
    }
    ::eventfd_write(state_->wake.get(), 1);
    return ends[1];
}

}  // namespace lastgood
