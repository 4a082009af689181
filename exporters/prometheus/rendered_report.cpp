#include "exporters/prometheus/rendered_report.hpp"

#include <fmt/core.h>
#include <malloc.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cmath>

#include "exporters/prometheus/exposition.hpp"
#include "exporters/prometheus/gzip.hpp"
#include "exporters/prometheus/openmetrics.hpp"
#include "exporters/prometheus/page.hpp"

namespace lastgood {

namespace {

constexpr Seconds page_lasts = 60;  // of a report that nobody replaces

}  // namespace

void PackableText::put_into(HttpAnswer& answer, bool packed) {
    if (packed && packed_.view().empty()) packed_ = SharedText(gzip(text_.view()));
    const bool is_packed = packed && !packed_.view().empty();
    answer.body = is_packed ? packed_ : text_;
    answer.content_encoding = is_packed ? "gzip" : "";
}

void RenderedReport::forget(Error why) {
    error_ = std::move(why);
    read_ = false;
    texts_ = {};
}

bool RenderedReport::is_page_old() const {
    if (!read_) return false;
    const bool fresh = is_fresh(written_at_, now_());
    return fresh != is_fresh(written_at_, page_made_at_) ||
           (!fresh && std::abs(now_() - page_made_at_) >= page_lasts);
}

void RenderedReport::refresh(bool for_page) {
    struct stat status {};
    if (::stat(path_.c_str(), &status) != 0) {
        const ErrorKind kind = errno == EACCES ? ErrorKind::denied : ErrorKind::absent;
        forget({kind, fmt::format("there is no report at {} ({}): is the agent running?", path_,
                                  errno_text(errno))});
        known_ = false;
        return;
    }
    const Identity found{status.st_dev, status.st_ino, static_cast<uint64_t>(status.st_size),
                         status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
    if (!known_ || found != identity_ || (for_page && is_page_old())) read(found);
}

void RenderedReport::read(const Identity& identity) {
    identity_ = identity;
    known_ = true;
    texts_ = {};
    if (const auto report = read_report(path_)) {
        read_ = true;
        written_at_ = report->written_at;
        page_made_at_ = now_();
        const auto keep = [&](Form form, std::string& text) {
            text.shrink_to_fit();
            texts_[static_cast<size_t>(form)] = PackableText(std::move(text));
        };
        Exposition metrics = to_expositions(*report, true);
        keep(Form::text, metrics.text);
        keep(Form::openmetrics, metrics.openmetrics);
        std::string page = page_of(*report, page_made_at_);
        keep(Form::page, page);
    } else {
        forget(report.error());
    }
    // malloc would keep the memory of the parsed report until the next scrape: return it.
    ::malloc_trim(0);
}

RenderedReport::Health RenderedReport::judge_age() const {
    if (!read_) return {false, error_.message};
    const Seconds age = now_() - written_at_;
    if (is_fresh(written_at_, now_()))
        return {true, fmt::format("the report is {} old", format_duration(std::max(age, 0.0)))};
    if (age > 0)
        return {false, fmt::format("the report is {} old; see on the host whether the agent runs: "
                                   "lastgood status",
                                   format_duration(age))};
    return {false, fmt::format("the report is {} ahead of the clock", format_duration(-age))};
}

RenderedReport::Health RenderedReport::health() {
    const std::lock_guard lock(mutex_);
    refresh(false);
    return judge_age();
}

std::string RenderedReport::text_without_report(Form form) const {
    switch (form) {
        case Form::page:
            return page_without_report(error_, path_);
        case Form::text:
            return to_comment(error_.message);
        case Form::openmetrics:
            return openmetrics_end;
    }
    return {};
}

std::string RenderedReport::text_of_old_report(Form form) const {
    Report last;
    last.written_at = written_at_;
    Exposition metrics = to_expositions(last, false);
    return form == Form::openmetrics ? metrics.openmetrics
                                     : metrics.text + to_comment(judge_age().why);
}

void RenderedReport::put_into(HttpAnswer& answer, Form form, bool packed) {
    const std::lock_guard lock(mutex_);
    refresh(form == Form::page);
    if (!read_)
        answer.body = text_without_report(form);
    else if (form != Form::page && !judge_age().healthy)
        answer.body = text_of_old_report(form);
    else
        texts_[static_cast<size_t>(form)].put_into(answer, packed);
}

}  // namespace lastgood
