#include "core/status_in_time.hpp"

#include <fmt/core.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

namespace lastgood {

namespace {

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

}  // namespace

Result<FileStatus> status_in_time(const Host& host, const std::string& path, Seconds longest) {
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
    if (!question->answered.wait_for(lock, std::chrono::duration<double>(is_new ? longest : 0),
                                     is_answered))
        return Failure(no_answer(path));
    auto answer = std::move(*question->answer);
    lock.unlock();
    open_questions.erase(path);
    return answer;
}

}  // namespace lastgood
