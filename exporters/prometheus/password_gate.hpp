// Decides who may pass with a password, without making the listener wait: its own thread checks one
// password at a time. What passed once passes at once from then on. An address whose password was
// wrong waits before the next try, so that guessing is slow and costs little.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "exporters/prometheus/clients.hpp"
#include "exporters/prometheus/passwords.hpp"

namespace lastgood {

class PasswordGate {
  public:
    enum class Verdict {
        passes,
        refused,   // no password, or one that cannot be right
        later,     // take_results() will tell
        too_many,  // too many wrong ones of this address, or too many waiting: ask again in a
                   // second
    };
    static constexpr Seconds pause_after_wrong = 1;  // for each address
    static constexpr size_t most_waiting = 16;
    static constexpr size_t most_addresses = 4096;  // whose wrong passwords are remembered

    // `ready` is called from the gate's thread when there is a result.
    PasswordGate(Passwords passwords, std::function<void()> ready);
    ~PasswordGate();  // waits for the check that runs
    PasswordGate(const PasswordGate&) = delete;
    PasswordGate& operator=(const PasswordGate&) = delete;

    // `authorization`: the header's value. `now` of one steady clock. Does not block. Always from
    // the same thread, as take_results().
    Verdict ask(std::string_view authorization, const ClientAddress& address,
                Clients::Number connection, Seconds now);
    // Connections for which ask() said later, each once, and whether they pass.
    std::vector<std::pair<Clients::Number, bool>> take_results(Seconds now);

  private:
    struct Question {
        Clients::Number connection = 0;
        ClientAddress address{};
        Credentials given;
        TextMark mark{};
        bool passes = false;
    };

    bool passed_before(const TextMark& mark) const;
    void check_all();

    const Passwords passwords_;
    const std::function<void()> ready_;
    MarkKey key_{};
    std::deque<TextMark> passed_;                      // the newest last
    std::map<ClientAddress, Seconds> may_ask_again_;   // after a wrong password
    std::map<ClientAddress, Clients::Number> asking_;  // one question of each address at a time

    std::mutex mutex_;  // of what follows
    std::condition_variable changed_;
    std::deque<Question> questions_, answers_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace lastgood
