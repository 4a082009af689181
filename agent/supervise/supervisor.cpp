#include "agent/supervise/supervisor.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <thread>

#include "agent/log.hpp"
#include "agent/memory/history.hpp"
#include "agent/supervise/sleepers.hpp"
#include "core/bytes.hpp"
#include "core/metrics/agent.hpp"
#include "core/utf8.hpp"

namespace lastgood {

namespace {

// Polls at the same time, of our collectors and of third-party ones. It keeps the processors free;
// who runs longer waits for something else and no longer counts, so that none is late by it.
constexpr size_t poll_limit = 16;
constexpr Seconds counts_for = 10;
constexpr size_t batch_limit = 50'000;    // observations per batch
constexpr size_t rejected_limit = 1'000;  // lines per batch that are not valid
constexpr size_t reason_limit = 500;      // bytes of the reason why a line is not valid
constexpr size_t poll_output = 32 * mib;  // bytes
// Runs of one of our collectors for the whole host that may have left something stuck behind. Of
// the others it is one: their subject is what hangs.
constexpr size_t leaver_limit = 8;
constexpr Seconds longest_backoff = 60;
constexpr Seconds subjects_interval = 60;
constexpr Seconds timer_accuracy = 0.1;

Seconds deadline_of(const Config& config, const Collector& collector) {
    const auto found = config.collectors.find(std::string(collector.name));
    return found == config.collectors.end() ? collector.deadline
                                            : found->second.deadline.value_or(collector.deadline);
}

bool enabled(const Config& config, const Collector& collector) {
    const auto found = config.collectors.find(std::string(collector.name));
    return found == config.collectors.end() || found->second.enabled;
}

// nullptr: none.
const Metric* answering_of(const Task& task) {
    return task.collector ? task.collector->answering : nullptr;
}

// Whether a child reads one subject or one group.
bool is_divided(const Collector& collector) {
    return collector.subjects != nullptr || collector.groups != nullptr;
}

// The subjects that need a child, each with the members of its group.
std::map<std::string, std::vector<std::string>> parts_of(const Collector& collector,
                                                         const Host& host, const Config& config) {
    std::map<std::string, std::vector<std::string>> parts;
    if (collector.groups)
        for (SubjectGroup& group : collector.groups(host, config))
            parts[group.name] = std::move(group.members);
    else
        for (std::string& subject : collector.subjects(host, config)) parts[std::move(subject)];
    return parts;
}

// Polls of one collector at the same time. The deadline should measure a drive, not how busy the
// other polls keep the processors.
size_t sibling_limit() {
    static const size_t limit =
        std::clamp<size_t>(size_t{2} * std::thread::hardware_concurrency(), 4, 8);
    return limit;
}

}  // namespace

Supervisor::Supervisor(Loop& loop, const Host& host, State& state,
                       std::span<const Collector* const> collectors,
                       std::function<void()> on_change)
    : loop_(loop),
      host_(host),
      state_(state),
      collectors_(collectors),
      on_change_(std::move(on_change)),
      timer_(loop.make_timer(timer_accuracy, [this] { schedule(); })) {}

void Supervisor::configure(const Config& config, const Launch& launch) {
    config_ = config;
    launch_ = launch;
    for (Task& task : tasks_) {
        task.retired = true;
        if (task.child) task.child->stop("stopped");
    }
    for (const Collector* collector : collectors_)
        if (enabled(config_, *collector) && !is_divided(*collector)) add_task(*collector, "");
    for (const ExternalCollector& external : config_.external_collectors) add_task(external);
    refresh_subjects();
    schedule();
}

void Supervisor::add_task(const Collector& collector, const std::string& subject,
                          std::vector<std::string> members) {
    Task task;
    task.members = std::move(members);
    task.name = collector.name;
    task.subject = subject;
    task.collector = &collector;
    task.kind = collector.kind;
    task.interval = interval_of(config_, collector);
    task.deadline = deadline_of(config_, collector);
    add_task(std::move(task));
}

void Supervisor::add_task(const ExternalCollector& external) {
    Task task;
    task.name = external.name;
    task.interval = external.interval;
    task.deadline = external.deadline;
    add_task(std::move(task));
}

void Supervisor::add_task(Task task) {
    // After a configuration change the last values stay, with their age, until they have been read
    // again.
    for (Task& before : tasks_)
        if (before.retired && before.name == task.name && before.subject == task.subject) {
            task.last = std::move(before.last);
            task.has_reported = before.has_reported;
            task.succeeded = before.succeeded;
            task.last_success = before.last_success;
        }
    tasks_.push_back(std::move(task));
}

// What is known of a member of a group goes with it to its new group, until it is looked at there.
void Supervisor::hand_over(const std::map<std::string, Batch*>& before, Task& task) {
    for (const std::string& member : task.members) {
        const auto from = before.find(member);
        if (from == before.end() || from->second == &task.last) continue;
        const std::string streams = member + "/";
        std::erase_if(from->second->observations, [&](Observation& one) {
            const bool of_member = one.subject == member || one.subject.starts_with(streams);
            if (of_member) task.last.observations.push_back(std::move(one));
            return of_member;
        });
    }
}

void Supervisor::refresh_subjects() {
    subjects_due_ = loop_.monotonic() + subjects_interval;
    for (const Collector* collector : collectors_) {
        if (!is_divided(*collector) || !enabled(config_, *collector)) continue;
        auto missing = parts_of(*collector, host_, config_);
        std::map<std::string, Batch*> before;  // by member
        for (Task& task : tasks_) {
            if (task.collector != collector || task.retired) continue;
            for (const std::string& member : task.members) before[member] = &task.last;
            auto here = missing.extract(task.subject);
            if (!here.empty()) {
                task.members = std::move(here.mapped());
                continue;
            }
            task.retired = true;
            if (task.child && !task.members.empty()) task.child->stop("stopped");
        }
        for (auto& [subject, members] : missing) add_task(*collector, subject, std::move(members));
        if (collector->groups)
            for (Task& task : tasks_)
                if (task.collector == collector && !task.retired) hand_over(before, task);
    }
}

// Two runs never overlap: no child is started while one is abandoned, or has been told to end by a
// new configuration and has not ended yet; nor while what one left behind may still be at work.
bool Supervisor::has_other_child(const Task& task) const {
    const size_t allowed = task.collector && task.subject.empty() ? leaver_limit : 1;
    size_t leavers = 0;
    for (const Task& other : tasks_) {
        if (other.name != task.name || other.subject != task.subject) continue;
        if (other.child || !other.abandoned.empty()) return true;
        leavers += other.leavers.size();
    }
    return leavers >= allowed;
}

bool Supervisor::has_room_for(const Task& task) const {
    if (task.kind == CollectorKind::stream) return true;
    size_t polls = 0, siblings = 0;
    for (const Task& other : tasks_) {
        if (!other.child || other.kind == CollectorKind::stream) continue;
        if ((other.collector == nullptr) != (task.collector == nullptr)) continue;
        if (loop_.monotonic() < other.started_at + counts_for) ++polls;
        if (other.name == task.name) ++siblings;
    }
    return polls < poll_limit && siblings < sibling_limit();
}

// When the next running poll no longer counts.
Seconds Supervisor::room_at(Seconds now) const {
    Seconds next = now + counts_for;
    for (const Task& task : tasks_)
        if (task.child && task.started_at + counts_for > now)
            next = std::min(next, task.started_at + counts_for);
    return next;
}

// Starts the due tasks and sets the timer for the next one.
void Supervisor::schedule() {
    if (stopping_) return;
    const Seconds now = loop_.monotonic();
    tasks_.remove_if([](const Task& task) {
        return task.retired && !task.child && task.abandoned.empty() && task.leavers.empty();
    });
    if (now >= subjects_due_) refresh_subjects();
    Seconds next = subjects_due_;
    std::vector<Task*> due;
    for (Task& task : tasks_)
        if (!task.retired && !has_other_child(task)) due.push_back(&task);
    std::ranges::stable_sort(due, {}, &Task::due_at);
    for (Task* task : due) {
        if (task->due_at > now + 0.05) {
            next = std::min(next, task->due_at);
        } else if (has_room_for(*task)) {
            start(*task);
            if (!task->child) next = std::min(next, task->due_at);  // start() failed
        } else {  // schedule() also runs when a poll ends
            next = std::min(next, room_at(now));
        }
    }
    timer_->arm(std::max(next, now));
}

std::vector<std::string> Supervisor::arguments_of(const Task& task) const {
    std::vector<std::string> arguments{"lastgood", "collect", task.name};
    if (!task.subject.empty()) arguments.push_back(task.subject);
    if (launch_.config_fd >= 0) arguments.insert(arguments.end(), {"--config", "/proc/self/fd/3"});
    if (!task.collector) return arguments;
    if (launch_.root != "/") arguments.insert(arguments.end(), {"--root", launch_.root});
    if (const std::string cursor = state_.cursor(task.name); !cursor.empty())
        arguments.insert(arguments.end(), {"--cursor", cursor});
    return arguments;
}

void Supervisor::start(Task& task) {
    task.current = {};
    task.reached.clear();
    task.started_at = loop_.monotonic();
    ChildLimits limits;
    limits.deadline =
        task.kind == CollectorKind::stream ? task.interval + task.deadline : task.deadline;
    limits.output = poll_output;
    Child::Callbacks callbacks;
    callbacks.line = [this, &task](std::string_view line) { take_line(task, line); };
    callbacks.end = [this, &task](ChildEnd end, const std::string& message) {
        ended(task, end, message);
    };
    const auto self = std::make_shared<const Child*>(nullptr);
    callbacks.gone = [this, &task, self] { gone(task, *self); };
    auto child = loop_.start({launch_.program, arguments_of(task), launch_.config_fd}, limits,
                             std::move(callbacks));
    if (!child) return ended(task, ChildEnd::failed, child.error().message);
    *self = child->get();
    task.child = std::move(*child);
}

void Supervisor::take_line(Task& task, std::string_view text) {
    if (task.retired || task.current.rejected_lines >= rejected_limit) return;
    auto line = parse_protocol_line(text, loop_.now());
    if (!line) return reject_line(task, line.error());
    // What came in is not younger than its line: from the future it would be fresh for ever.
    line->observation.observed_at = std::min(line->observation.observed_at, loop_.now());
    const size_t taken = task.current.observations.size() + task.current.increments.size() +
                         task.current.problem_count;
    if (taken >= batch_limit && line->kind != ProtocolLine::Kind::commit) {
        task.child->stop(fmt::format("printed more than {} observations", batch_limit));
        return;
    }
    switch (line->kind) {
        case ProtocolLine::Kind::observation:
            task.current.observations.push_back(std::move(line->observation));
            break;
        case ProtocolLine::Kind::increment:
            task.current.increments.push_back(std::move(line->observation));
            break;
        case ProtocolLine::Kind::problem:
            add_problem(task.current, std::move(line->subject), std::move(line->error));
            break;
        case ProtocolLine::Kind::commit:
            if (task.kind == CollectorKind::stream) commit(task, line->cursor);
            break;
    }
}

void Supervisor::reject_line(Task& task, const Error& error) {
    Batch& batch = task.current;
    if (batch.rejected_lines++ == 0) batch.first_rejected = shortened(error.message, reason_limit);
    if (batch.rejected_lines == rejected_limit)
        task.child->stop(
            fmt::format("printed {} lines that are not valid observations; the first: {}",
                        rejected_limit, batch.first_rejected));
}

// Completes a batch: its increments and its cursor are saved together. A child that reads a group
// commits after each member: its round is complete when it has read all of them.
void Supervisor::commit(Task& task, const std::string& cursor) {
    auto read = members_read(task.current, task.members, answering_of(task));
    const bool is_again = std::ranges::any_of(
        read, [&](const auto& member) { return task.reached.contains(member); });
    const bool is_other_group = !task.members.empty() && (read.empty() || is_again);
    if (is_other_group) task.reached.clear();
    task.reached.merge(read);
    const bool is_round = std::ranges::all_of(
        task.members, [&](const std::string& member) { return task.reached.contains(member); });
    accept(task, 0);
    if (is_other_group) {  // perhaps a member was mounted or unmounted: another group has it now
        refresh_subjects();
        wake_up();
    }
    task.child->extend();
    if (!is_round) return on_change_();
    task.reached.clear();
    if (!cursor.empty()) state_.set_cursor(task.name, cursor);
    task.has_reported = task.succeeded = true;
    task.failure.clear();
    task.failing_since = 0;
    task.last_success = loop_.now();
    task.duration = loop_.monotonic() - task.started_at;
    task.started_at = loop_.monotonic();
    task.backoff = 1;
    on_change_();
}

// Makes the printed batch the current one. `oldest`: of what is known to answer without being read.
void Supervisor::accept(Task& task, Timestamp oldest) {
    for (const Observation& observation : task.current.increments) {
        if (state_.increment(observation)) {
            note_growth(state_, observation, true);
        } else if (task.current.rejected_lines++ == 0) {
            task.current.first_rejected =
                "there are too many counters already: no new subject or label";
        }
    }
    if (task.current.rejected_lines > 0)
        state_.increment({&metric::collector_rejected_lines_total,
                          task.name,
                          {},
                          static_cast<double>(task.current.rejected_lines),
                          loop_.now()});
    for (const Observation& observation : task.current.observations)
        note_growth(state_, observation, false);
    keep_values_of_sleepers(task.last.observations, task.current.observations);
    keep_values_of_unread(task.last, task.current, task.members, answering_of(task), oldest);
    task.last = std::exchange(task.current, {});
    note_inventory(task);
}

// A changed inventory changes the subjects of collectors with one child per subject.
void Supervisor::note_inventory(const Task& task) {
    const Metric* inventory = task.collector ? task.collector->inventory : nullptr;
    if (!inventory) return;
    std::set<std::string> here;
    for (const Observation& observation : task.last.observations)
        if (observation.metric == inventory) here.insert(observation.subject);
    if (here == here_[inventory]) return;
    here_[inventory] = std::move(here);
    subjects_due_ = 0;
    wake_up();
}

void Supervisor::ended(Task& task, ChildEnd end, const std::string& message) {
    const Seconds now = loop_.monotonic();
    if (end == ChildEnd::abandoned)
        task.abandoned.push_back(std::move(task.child));
    else if (task.child && task.child->left_behind())
        task.leavers.push_back(std::move(task.child));
    task.child.reset();
    if (stopping_ || task.retired) return wake_up();
    task.has_reported = true;
    if (task.kind == CollectorKind::poll) {
        task.duration = now - task.started_at;
        task.due_at = std::max(task.started_at + task.interval, now + 0.1);
    } else {
        task.due_at = now + task.backoff;
        task.backoff = std::min(task.backoff * 2, longest_backoff);
    }
    // A stream should never end, except on a recorded host, where nothing new happens.
    const bool ended_well =
        end == ChildEnd::finished && (task.kind == CollectorKind::poll || host_.recorded());
    if (ended_well) task.due_at = std::max(task.started_at + task.interval, now + 0.1);
    // Of a group, what was read before the end counts, unless all of it was committed.
    const bool all_committed = end == ChildEnd::finished && task.current.observations.empty();
    // What a run of the whole host did not come to is not gone. An inventory tells that by itself.
    if (task.kind == CollectorKind::poll && !ended_well && task.collector && task.subject.empty() &&
        task.collector->inventory == nullptr)
        keep_values_of_others(task.last, task.current);
    if (task.kind == CollectorKind::poll || (!task.members.empty() && !all_committed))
        accept(task, ended_well ? 0 : loop_.now() - 2 * (task.interval + task.deadline));
    if (ended_well) {
        if (!task.failure.empty())
            log(LogLevel::info, fmt::format("collector {}{}{} works again", task.name,
                                            task.subject.empty() ? "" : " ", task.subject));
        task.succeeded = true;
        task.failure.clear();
        task.failing_since = 0;
        task.last_success = loop_.now();
    } else {
        const std::string why = message.empty() ? "ended, but a stream must not end" : message;
        if (why != task.failure)
            log(LogLevel::warning, fmt::format("collector {}{}{}: {}", task.name,
                                               task.subject.empty() ? "" : " ", task.subject, why));
        task.succeeded = false;
        task.failure = why;
        if (task.failing_since == 0) task.failing_since = loop_.now();
    }
    on_change_();
    wake_up();
}

// The last process of a child has ended.
void Supervisor::gone(Task& task, const Child* child) {
    if (!task.abandoned.empty()) task.due_at = loop_.monotonic();
    task.abandoned.clear();
    task.leavers.remove_if([&](const auto& one) { return one.get() == child; });
    on_change_();
    wake_up();
}

// Makes the loop call schedule() soon. A direct call could come from inside schedule() or from the
// child's own code.
void Supervisor::wake_up() {
    timer_->arm(loop_.monotonic());
}

bool Supervisor::all_have_reported() const {
    return std::ranges::all_of(tasks_,
                               [](const Task& task) { return task.has_reported || task.retired; });
}

void Supervisor::look_again() {
    for (Task& task : tasks_)
        if (task.kind == CollectorKind::poll) task.due_at = 0;
    wake_up();
}

void Supervisor::mend_times(const std::function<Timestamp(Timestamp)>& mended) {
    for (Task& task : tasks_) {
        for (Batch* batch : {&task.last, &task.current})
            for (auto* read : {&batch->observations, &batch->increments})
                for (Observation& one : *read) one.observed_at = mended(one.observed_at);
        task.failing_since = mended(task.failing_since);
        task.last_success = mended(task.last_success);
    }
}

void Supervisor::stop() {
    stopping_ = true;
    for (Task& task : tasks_)
        if (task.child) task.child->stop("stopped");
}

bool Supervisor::running() const {
    return std::ranges::any_of(tasks_, [](const Task& task) { return task.child != nullptr; });
}

}  // namespace lastgood
