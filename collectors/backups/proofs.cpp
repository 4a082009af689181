#include "collectors/backups/proofs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "core/json_value.hpp"
#include "core/metrics/backups.hpp"

namespace lastgood {

namespace {

constexpr const char* section_name = "proofs";  // "verified", "restored": when the stamp was made
constexpr auto longest_wait = std::chrono::seconds(5);

// What a thread of its own learns of a path.
struct Question {
    std::mutex mutex;
    std::condition_variable answered;
    std::optional<Result<FileStatus>> answer;
};

Error no_answer(const std::string& path) {
    return {ErrorKind::timed_out,
            fmt::format("{}: its filesystem does not answer; see whether what it is mounted from "
                        "can be reached",
                        path)};
}

// A stamp may lie on a NAS, which must not stop the look at the copies. Who waits for an answer is
// left behind, and asked for it in the next look; no other one is sent meanwhile.
Result<FileStatus> status_in_time(const Host& host, const std::string& path) {
    if (host.recorded()) return host.status(path);
    static std::map<std::string, std::shared_ptr<Question>> open_questions;
    std::shared_ptr<Question>& question = open_questions[path];
    const bool is_new = question == nullptr;
    if (is_new) {
        question = std::make_shared<Question>();
        try {
            std::thread([question, path, root = host.root()] {
                auto answer = Host(root).status(path);
                const std::scoped_lock lock(question->mutex);
                question->answer = std::move(answer);
                question->answered.notify_all();
            }).detach();
        } catch (const std::system_error& error) {
            open_questions.erase(path);
            return fail(ErrorKind::failed, fmt::format("{}: {}", path, error.what()));
        }
    }
    std::unique_lock lock(question->mutex);
    const auto is_answered = [&] { return question->answer.has_value(); };
    if (!question->answered.wait_for(lock, is_new ? longest_wait : std::chrono::seconds(0),
                                     is_answered))
        return Failure(no_answer(path));
    auto answer = std::move(*question->answer);
    lock.unlock();
    open_questions.erase(path);
    return answer;
}

class Proofs {
  public:
    Proofs(const Host& host, Sink& sink, LookMemory& memory, const Backup& backup, Timestamp now)
        : host_(host),
          sink_(sink),
          memory_(memory),
          backup_(backup),
          now_(now),
          known_(memory.section(section_name)) {}

    void observe(const char* key, const std::string& stamp, const Metric& metric) {
        if (stamp.empty()) return;
        const auto status = status_in_time(host_, stamp);
        if (status) {
            const Timestamp made = std::min(status->modified, now_);
            known_[key] = made;
            sink_.observe(metric, backup_.name, made, now_);
        } else if (status.error().kind != ErrorKind::absent) {  // the first test makes it
            sink_.problem(backup_.name, status.error());
            // As old as it is at least: the stamp was there when it was made.
            if (const auto made = number_in(known_, key))
                sink_.observe(metric, backup_.name, *made, std::min(*made, now_));
        }
    }
    void keep() { memory_.keep(section_name, std::move(known_)); }

  private:
    const Host& host_;
    Sink& sink_;
    LookMemory& memory_;
    const Backup& backup_;
    Timestamp now_;
    nlohmann::json known_;
};

}  // namespace

void observe_proofs(const Host& host, Sink& sink, LookMemory& memory, const Backup& backup,
                    Timestamp now) {
    Proofs proofs(host, sink, memory, backup, now);
    proofs.observe("verified", backup.plan.verified_stamp,
                   metric::backup_verified_timestamp_seconds);
    proofs.observe("restored", backup.plan.restored_stamp,
                   metric::backup_restored_timestamp_seconds);
    proofs.keep();
}

}  // namespace lastgood
