// Decides who may pass with a password, without making the listener wait: its own thread checks one
// password at a time. What passed once passes at once from then on. An address whose password was
// wrong waits before the next try, longer with each one after the first few, so that guessing is
// slow, costs little and leaves the thread free for others.
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
        too_many,  // wrong ones of this address lately, or waiting ones of all: ask again later
    };
    // For each address: after so many wrong ones each makes the pause four times as long, and a
    // right one ends that.
    static constexpr Seconds pause_after_wrong = 1, longest_pause = 60;
    static constexpr int wrong_ones_before_it_grows = 5;
    static constexpr size_t most_waiting = 16;
    static constexpr size_t most_addresses = 4096;  // whose wrong passwords are remembered
    static constexpr size_t most_passed = 64;  // several Prometheus servers, each with its own user

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

    struct Wrong {  // passwords of one address
        int count = 0;
        Seconds may_ask_again = 0;
    };

    bool passed_before(const TextMark& mark) const;
    void note_wrong(const ClientAddress& address, Seconds now);
    void check_all();

    const Passwords passwords_;
    const std::function<void()> ready_;
    const MarkKey key_;
    std::deque<TextMark> passed_;                      // the newest last
    std::map<ClientAddress, Wrong> wrong_;             // at most most_addresses
    std::map<ClientAddress, Clients::Number> asking_;  // one question of each address at a time

    std::mutex mutex_;  // of what follows
    std::condition_variable changed_;
    std::deque<Question> questions_, answers_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace lastgood
