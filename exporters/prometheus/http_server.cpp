#include "exporters/prometheus/http_server.hpp"

#include <fmt/core.h>
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
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/bytes.hpp"
#include "core/clock.hpp"
#include "core/descriptor.hpp"
#include "exporters/prometheus/clients.hpp"
#include "exporters/prometheus/listen_address.hpp"
#include "exporters/prometheus/microhttpd.hpp"
#include "exporters/prometheus/password_gate.hpp"

namespace lastgood {

namespace {

constexpr size_t request_limit = 8 * kib;  // bytes of the request's head, and of the answer's
constexpr unsigned idle_limit = 30;        // s; Clients ends connections earlier
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

// The connections of connect_inside(). Clients begin with 1.
constexpr auto inside_number = std::numeric_limits<Clients::Number>::max();

// TLS 1.2 or newer (gnutls_priority_init(3)).
constexpr const char* tls_versions = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

HttpAnswer plain(int status, const char* text) {
    return {status, "text/plain; charset=utf-8", text};
}

void delete_text(void* text) {
    delete static_cast<SharedText*>(text);
}

}  // namespace

struct HttpServer::State {
    // One of libmicrohttpd's. They have no listening socket: connections are handed to them.
    struct Daemon {
        MHD_Daemon* handle = nullptr;
        int epoll = -1;
    };
    struct Change {  // by protect()
        Daemon daemon;
        std::unique_ptr<PasswordGate> gate;
    };

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

    Result<Daemon> start_daemon(const Protection& protection);
    Result<Change> make_change(Protection protection);
    void run();
    void wait();
    void take_commands();
    void apply(Change next);
    void take_passwords();
    void drop_retired();
    bool is_idle(const Daemon& daemon) const;
    void accept_some();
    void add(const Daemon& daemon, int socket, const sockaddr_storage& address, socklen_t size,
             Clients::Number number);
    std::optional<HttpAnswer> stop_at_gate(MHD_Connection* connection, Clients::Number number);
    HttpAnswer reply_to(MHD_Connection* connection, const char* url, std::string_view method);
    MHD_Result send(MHD_Connection* connection, HttpAnswer reply);
    std::string_view header(MHD_Connection* connection, const char* name) const;
    Clients::Number number_of(MHD_Connection* connection) const;

    const Microhttpd& mhd;
    Answer answer;
    Descriptor listener;
    Descriptor wake;  // eventfd: a command, a password or `stopping`
    Daemon inside, outside;
    std::vector<Daemon> retired;  // their connections go on with an earlier certificate

    std::unique_ptr<PasswordGate> gate;                    // none: everybody may ask
    std::map<Clients::Number, MHD_Connection*> suspended;  // until the gate has checked them
    std::map<Clients::Number, bool> passes;                // the gate's results

    const Clients::Limits limits;
    Clients clients;
    Clients::Number adding = 0;  // the connection that is being added
    Seconds accept_again_at = 0;

    std::atomic<bool> stopping = false;
    std::mutex mutex;  // of the commands
    std::vector<int> connections_inside;
    std::optional<Change> change;
    std::thread thread;
};

// Called when a connection was added, and before it is closed.
void HttpServer::State::on_connection(void* server, MHD_Connection*, void** context,
                                      MHD_ConnectionNotificationCode what) {
    auto* const state = static_cast<State*>(server);
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        // NOLINTNEXTLINE(performance-no-int-to-ptr): libmicrohttpd has room for a pointer only.
        *context = reinterpret_cast<void*>(state->adding);
        return;
    }
    const auto number = reinterpret_cast<Clients::Number>(*context);
    state->clients.remove(number);
    state->passes.erase(number);
}

// Called when the request's head is complete, and again when its password was checked. An answer
// that is given now ends the request: its body, if there is one, is not read.
MHD_Result HttpServer::State::on_request(void* server, MHD_Connection* connection, const char* url,
                                         const char* method, const char*, const char*, size_t*,
                                         void**) {
    auto* const state = static_cast<State*>(server);
    const Clients::Number number = state->number_of(connection);
    state->clients.asked(number);
    if (auto refused = state->stop_at_gate(connection, number)) {
        if (refused->status == 0) return MHD_YES;  // suspended
        return state->send(connection, std::move(*refused));
    }
    return state->send(connection, state->reply_to(connection, url, method));
}

HttpServer::State::~State() {
    stopping = true;
    ::eventfd_write(wake.get(), 1);
    if (thread.joinable()) thread.join();
    if (change) apply(std::move(*change));
    if (outside.handle != nullptr) apply({});  // no connection stays suspended
    for (const Daemon& daemon : retired) mhd.stop_daemon(daemon.handle);
    if (inside.handle != nullptr) mhd.stop_daemon(inside.handle);
    for (const int socket : connections_inside) ::close(socket);
}

Result<HttpServer::State::Daemon> HttpServer::State::start_daemon(const Protection& protection) {
    const bool tls = !protection.certificate.empty();
    std::vector<MHD_OptionItem> options{
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, request_limit, nullptr},
        {MHD_OPTION_CONNECTION_TIMEOUT, idle_limit, nullptr},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, nullptr},
        {MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, nullptr}};
    const auto add_text = [&](MHD_OPTION option, const char* text) {
        options.push_back({option, 0, const_cast<char*>(text)});
    };
    if (tls) {
        add_text(MHD_OPTION_HTTPS_MEM_CERT, protection.certificate.c_str());
        add_text(MHD_OPTION_HTTPS_MEM_KEY, protection.key.c_str());
        add_text(MHD_OPTION_HTTPS_PRIORITIES, tls_versions);
    }
    options.push_back({MHD_OPTION_END, 0, nullptr});
    Daemon made;
    unsigned flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME;
    if (tls) flags |= MHD_USE_TLS;
    made.handle =
        mhd.start_daemon(flags, 0, nullptr, nullptr, on_request, this, MHD_OPTION_NOTIFY_CONNECTION,
                         on_connection, this, MHD_OPTION_ARRAY, options.data(), MHD_OPTION_END);
    if (made.handle == nullptr)
        return tls ? fail(ErrorKind::malformed, refused_pair)
                   : fail(ErrorKind::failed, "no descriptor or memory is left");
    const MHD_DaemonInfo* const info = mhd.get_daemon_info(made.handle, MHD_DAEMON_INFO_EPOLL_FD);
    made.epoll = info != nullptr ? info->epoll_fd : -1;
    return made;
}

Result<HttpServer::State::Change> HttpServer::State::make_change(Protection protection) {
    const auto daemon = start_daemon(protection);
    if (!daemon) return Failure(daemon.error());
    Change made{*daemon, nullptr};
    if (protection.passwords)
        made.gate = std::make_unique<PasswordGate>(std::move(*protection.passwords),
                                                   [this] { ::eventfd_write(wake.get(), 1); });
    return made;
}

// Passwords that are being checked count as wrong: their gate ends.
void HttpServer::State::apply(Change next) {
    for (const auto& [number, connection] : suspended) {
        passes[number] = false;
        mhd.resume_connection(connection);
    }
    suspended.clear();
    if (outside.handle != nullptr) {
        mhd.run(outside.handle);
        retired.push_back(outside);
    }
    outside = next.daemon;
    gate = std::move(next.gate);
}

void HttpServer::State::run() {
    while (!stopping) {
        wait();
        take_commands();
        take_passwords();
        accept_some();
        for (const int socket : clients.to_end(monotonic_clock())) hang_up(socket);
        mhd.run(inside.handle);
        mhd.run(outside.handle);
        for (const Daemon& daemon : retired) mhd.run(daemon.handle);
        drop_retired();
    }
}

// Until something happens or a time limit is reached.
void HttpServer::State::wait() {
    const Seconds now = monotonic_clock();
    Seconds until = clients.next_deadline();
    if (until == 0) until = now + idle_limit;
    const bool accepts = accept_again_at <= now;
    if (!accepts) until = std::min(until, accept_again_at);
    std::vector<pollfd> waited{{wake.get(), POLLIN, 0}, {accepts ? listener.get() : -1, POLLIN, 0}};
    const auto wait_for = [&](const Daemon& daemon) {
        MHD_UNSIGNED_LONG_LONG milliseconds = 0;
        if (mhd.get_timeout(daemon.handle, &milliseconds) == MHD_YES)
            until = std::min(until, now + static_cast<Seconds>(milliseconds) / 1000);
        waited.push_back({daemon.epoll, POLLIN, 0});
    };
    wait_for(inside);
    wait_for(outside);
    for (const Daemon& daemon : retired) wait_for(daemon);
    const Seconds pause = std::max(0.0, until - now);
    ::poll(waited.data(), waited.size(), static_cast<int>(std::ceil(pause * 1000)));
}

void HttpServer::State::take_commands() {
    eventfd_t count = 0;
    ::eventfd_read(wake.get(), &count);
    std::vector<int> taken;
    std::optional<Change> next;
    {
        const std::lock_guard lock(mutex);
        taken.swap(connections_inside);
        next.swap(change);
    }
    if (next) apply(std::move(*next));
    sockaddr_storage nowhere{};
    nowhere.ss_family = AF_UNIX;
    for (const int socket : taken)
        add(inside, socket, nowhere, sizeof nowhere.ss_family, inside_number);
}

void HttpServer::State::take_passwords() {
    if (!gate) return;
    for (const auto& [number, passed] : gate->take_results(monotonic_clock())) {
        const auto found = suspended.find(number);
        if (found == suspended.end()) continue;
        passes[number] = passed;
        mhd.resume_connection(found->second);
        suspended.erase(found);
    }
}

bool HttpServer::State::is_idle(const Daemon& daemon) const {
    const MHD_DaemonInfo* const info =
        mhd.get_daemon_info(daemon.handle, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
    return info == nullptr || info->num_connections == 0;
}

void HttpServer::State::drop_retired() {
    std::erase_if(retired, [this](const Daemon& daemon) {
        if (!is_idle(daemon)) return false;
        mhd.stop_daemon(daemon.handle);
        return true;
    });
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
            add(outside, socket, address, size,
                clients.add(socket, client_address(address), monotonic_clock()));
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

void HttpServer::State::add(const Daemon& daemon, int socket, const sockaddr_storage& address,
                            socklen_t size, Clients::Number number) {
    adding = number;
    if (mhd.add_connection(daemon.handle, socket, reinterpret_cast<const sockaddr*>(&address),
                           size) != MHD_YES)
        clients.remove(number);  // libmicrohttpd has closed the socket
}

// The answer to who may not pass; none: it may. An answer of status 0 means that the connection is
// suspended until its password is checked.
std::optional<HttpAnswer> HttpServer::State::stop_at_gate(MHD_Connection* connection,
                                                          Clients::Number number) {
    if (!gate || number == inside_number) return std::nullopt;
    const HttpAnswer refused = plain(401, "A user and a password are needed.\n");
    if (const auto checked = passes.find(number); checked != passes.end()) {
        const bool passed = checked->second;
        passes.erase(checked);
        return passed ? std::nullopt : std::optional(refused);
    }
    switch (gate->ask(header(connection, "Authorization"), clients.address(number), number,
                      monotonic_clock())) {
        case PasswordGate::Verdict::passes:
            return std::nullopt;
        case PasswordGate::Verdict::later:
            suspended[number] = connection;
            mhd.suspend_connection(connection);
            return plain(0, "");
        case PasswordGate::Verdict::too_many:
            return plain(429, "Too many wrong passwords. Ask again later.\n");
        case PasswordGate::Verdict::refused:
            break;
    }
    return refused;
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
    if (method != "GET" && method != "HEAD") return plain(405, "Only GET and HEAD.\n");
    const std::string_view length = header(connection, "Content-Length");
    if ((!length.empty() && length != "0") || !header(connection, "Transfer-Encoding").empty())
        return plain(413, "A request must not have a body.\n");
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
    // The pages have no script, picture or form: a browser shall not obey one that a name smuggles
    // in, nor tell other servers where the page is.
    add_header("Content-Security-Policy",
               "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
               "frame-ancestors 'none'");
    add_header("Referrer-Policy", "no-referrer");
    add_header("X-Content-Type-Options", "nosniff");
    add_header("Connection", "close");
    if (reply.status == 405) add_header("Allow", "GET, HEAD");
    if (reply.status == 401) add_header("WWW-Authenticate", "Basic realm=\"lastgood\"");
    if (reply.status == 429) add_header("Retry-After", "1");
    const MHD_Result queued =
        mhd.queue_response(connection, static_cast<unsigned>(reply.status), response);
    mhd.destroy_response(response);  // libmicrohttpd keeps it while it sends
    return queued;
}

HttpServer::HttpServer() = default;
HttpServer::~HttpServer() = default;

Result<void> HttpServer::start(std::string_view listen, Answer answer, Protection protection) {
    const auto mhd = load_microhttpd();
    if (!mhd) return Failure(mhd.error());
    auto listener = open_listener(listen);
    if (!listener) return Failure(listener.error());
    auto state = std::make_unique<State>(**mhd, std::move(answer));
    state->listener = std::move(*listener);
    state->wake = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    const auto inside = state->start_daemon({});
    if (!inside || state->wake.get() < 0)
        return fail(ErrorKind::failed,
                    fmt::format("cannot listen on {}: no descriptor or memory is left", listen));
    state->inside = *inside;
    auto outside = state->make_change(std::move(protection));
    if (!outside) return Failure(outside.error());
    state->apply(std::move(*outside));
    // Signals are the main thread's business.
    sigset_t all, before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    state->thread = std::thread([running = state.get()] { running->run(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    state_ = std::move(state);
    return {};
}

Result<void> HttpServer::protect(Protection protection) {
    auto made = state_->make_change(std::move(protection));
    if (!made) return Failure(made.error());
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->change) state_->mhd.stop_daemon(state_->change->daemon.handle);
        state_->change = std::move(*made);
    }
    ::eventfd_write(state_->wake.get(), 1);
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
        state_->connections_inside.push_back(ends[0]);
    }
    ::eventfd_write(state_->wake.get(), 1);
    return ends[1];
}

}  // namespace lastgood
