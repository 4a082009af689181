#include <algorithm>

#include "collectors/backups/find_copies.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

bool is_newer(const Copy& one, const Copy& other) {
    return one.time != other.time ? one.time > other.time : one.path < other.path;
}

bool is_empty(const FileStatus& status) {
    return status.kind == FileKind::regular && status.size <= 0;
}

}  // namespace

std::vector<Copy> CopyList::sorted() const {
    auto copies = newest_;
    std::ranges::sort(copies, is_newer);
    return copies;
}

std::optional<int> CopyList::compare(std::string_view name, const Edge& edge) {
    if (!edge.name_time) return std::nullopt;
    return compare_times(name, edge.name, *edge.name_time);
}

bool CopyList::only_counts(std::string_view name, const FileStatus& status, bool comparable) {
    if (newest_.size() < most_ || !oldest_) return false;
    // copy_time() is never later than the later time of the file, nor than the one in its name.
    if (std::max(status.modified, status.changed) >= last_.time) {
        if (!comparable) return false;
        const auto order = compare(name, last_);
        if (!order || *order > 0 || (*order == 0 && last_.name_time->whole_day)) return false;
    }
    if (is_empty(status)) {
        ++empty_;
    } else {
        // It is never earlier than both the time in its name and the modification time.
        if (!comparable || status.modified < oldest_->time) return false;
        const auto order = compare(name, *oldest_);
        if (!order || *order < 0) return false;
    }
    ++count_;
    return true;
}

void CopyList::note_oldest(std::string_view name, const Copy& copy) {
    if (oldest_ && copy.time >= oldest_->time) return;
    if (!oldest_) oldest_ = Edge();
    oldest_->name = name;
    oldest_->time = copy.time;
    oldest_->name_time = copy.from_name ? copy.name_time : std::nullopt;
}

void CopyList::add(const std::string& directory, std::string_view name, Copy copy) {
    ++count_;
    if (is_empty(copy.status))
        ++empty_;
    else
        note_oldest(name, copy);
    if (newest_.size() >= most_ && copy.time < last_.time) return;
    copy.path = (directory == "/" ? "" : directory) + "/";
    copy.path += name;
    keep(std::move(copy));
}

void CopyList::add(const CopyList& other) {
    count_ += other.count_;
    empty_ += other.empty_;
    if (other.oldest_ && (!oldest_ || other.oldest_->time < oldest_->time)) oldest_ = other.oldest_;
    for (const Copy& copy : other.newest_) keep(copy);
}

void CopyList::keep(Copy copy) {
    if (newest_.size() >= most_) {
        if (!is_newer(copy, newest_.front())) return;
        std::ranges::pop_heap(newest_, is_newer);
        newest_.pop_back();
    }
    newest_.push_back(std::move(copy));
    std::ranges::push_heap(newest_, is_newer);
    const Copy& last = newest_.front();
    last_.name = last_component(last.path);
    last_.time = last.time;
    last_.name_time = last.from_name ? last.name_time : std::nullopt;
}

}  // namespace lastgood
