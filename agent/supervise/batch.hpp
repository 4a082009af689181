// What a collector printed, and what stays of what it printed before.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/observation.hpp"

namespace lastgood {

// Output of one run; of a stream: of one batch.
struct Batch {
    std::vector<Observation> observations;
    // Subject, error: at most 50 of one subject and 1000 in all.
    std::vector<std::pair<std::string, Error>> problems;
    size_t problem_count = 0;                        // with those that were left out
    std::map<std::string, size_t> more_problems;     // by subject: how many were left out
    std::map<std::string, size_t> subject_problems;  // by subject: how many are kept
    std::vector<Observation> increments;             // applied when the batch is complete
    size_t rejected_lines = 0;
    std::string first_rejected;  // reason
};

// A loud subject must not hide another one's problem, nor fill report and memory.
void add_problem(Batch& batch, std::string subject, Error error);

// The members of a group that the batch tells of: it has `answering` for them.
std::set<std::string> members_read(const Batch& batch, const std::vector<std::string>& members,
                                   const Metric* answering);

// Adds to `now` what was known of the members, and of their parts ("member/part"), that it has not
// read. With its age; that they answer is known no longer of one whose look did not end, nor if it
// was read before `oldest`.
void keep_values_of_unread(Batch& before, Batch& now, const std::vector<std::string>& members,
                           const Metric* answering, Timestamp oldest);

// Adds to `now`, of a run that broke off, what was known of the subjects that it does not have.
void keep_values_of_others(Batch& before, Batch& now);

}  // namespace lastgood
