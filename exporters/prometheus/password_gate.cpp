#include "exporters/prometheus/password_gate.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/clock.hpp"

namespace lastgood {

PasswordGate::PasswordGate(Passwords passwords, std::function<void()> ready)
    : passwords_(std::move(passwords)), ready_(std::move(ready)), key_(random_key()) {
    thread_ = std::thread([this] { check_all(); });
}

PasswordGate::~PasswordGate() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

bool PasswordGate::passed_before(const TextMark& mark) const {
    bool found = false;
    for (const TextMark& other : passed_)
        found |= ((mark[0] ^ other[0]) | (mark[1] ^ other[1])) == 0;
    return found;
}

PasswordGate::Verdict PasswordGate::ask(std::string_view authorization,
                                        const ClientAddress& address, Clients::Number connection,
                                        Seconds now) {
    auto given = parse_basic_authorization(authorization);
    if (!given) return Verdict::refused;
    const TextMark mark = mark_of(authorization, key_);
    if (passed_before(mark)) return Verdict::passes;
    const auto wrong = wrong_.find(address);
    if ((wrong != wrong_.end() && now < wrong->second.may_ask_again) || asking_.contains(address) ||
        asking_.size() >= most_waiting)
        return Verdict::too_many;
    asking_[address] = connection;
    {
        const std::lock_guard lock(mutex_);
        questions_.push_back({connection, address, std::move(*given), mark});
    }
    changed_.notify_all();
    return Verdict::later;
}

std::vector<std::pair<Clients::Number, bool>> PasswordGate::take_results(Seconds now) {
    std::deque<Question> answers;
    {
        const std::lock_guard lock(mutex_);
        answers.swap(answers_);
    }
    std::vector<std::pair<Clients::Number, bool>> results;
    for (const Question& answer : answers) {
        asking_.erase(answer.address);
        if (answer.passes) {
            wrong_.erase(answer.address);
            passed_.push_back(answer.mark);
            if (passed_.size() > most_passed) passed_.pop_front();
        } else {
            note_wrong(answer.address, now);
        }
        results.emplace_back(answer.connection, answer.passes);
    }
    return results;
}

void PasswordGate::note_wrong(const ClientAddress& address, Seconds now) {
    std::erase_if(wrong_, [&](const auto& entry) {
        return entry.second.may_ask_again + longest_pause <= now;
    });
    if (wrong_.size() >= most_addresses && !wrong_.contains(address)) {
        const auto earlier = [](const auto& a, const auto& b) {
            return a.second.may_ask_again < b.second.may_ask_again;
        };
        wrong_.erase(std::ranges::min_element(wrong_, earlier));
    }
    Wrong& wrong = wrong_[address];
    const int growth = std::clamp(++wrong.count - wrong_ones_before_it_grows, 0, 8);
    wrong.may_ask_again = now + std::min(longest_pause, std::ldexp(pause_after_wrong, 2 * growth));
}

void PasswordGate::check_all() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [&] { return stopping_ || !questions_.empty(); });
        if (stopping_) return;
        Question question = std::move(questions_.front());
        questions_.pop_front();
        lock.unlock();
        const Seconds begin = monotonic_clock();
        question.passes = passwords_.check(question.given);
        const std::chrono::duration<double> took(monotonic_clock() - begin);
        lock.lock();
        answers_.push_back(std::move(question));
        ready_();
        // Guesses from many addresses get half a processor at most.
        changed_.wait_for(lock, took, [&] { return stopping_; });
    }
}

}  // namespace lastgood
