// What stands on what: members of arrays, filesystems on drives and arrays, backups of filesystems.
// Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/facts.hpp"

namespace lastgood {

// One place in an array, and the drive there.
struct Membership {
    const Subject* array = nullptr;
    const Subject* drive = nullptr;         // nullptr: none (missing), or a drive that is not known
    const Observation* member = nullptr;    // of array_member; never null
    std::optional<bool> fatal = {};         // losing it now would lose data; nullopt: not known
    std::optional<double> errors = {};      // read errors that the array corrected
    std::optional<double> bad_blocks = {};  // ranges

    std::string_view state() const { return member->label("state"); }
};

// Keeps pointers into the facts, which must outlive it.
class Relations {
  public:
    explicit Relations(const Facts& facts);

    std::vector<const Membership*> members_of(const Subject& array) const;  // by slot
    std::vector<const Membership*> memberships_of(const Subject& drive) const;
    std::vector<const Subject*> drives_under(const Subject& filesystem) const;
    std::vector<const Subject*> arrays_under(const Subject& filesystem) const;
    // On a drive: also those with an array in between.
    std::vector<const Subject*> filesystems_on(const Subject& drive_or_array) const;
    // Empty also if nothing says which backups cover it (filesystem_backed_up may still be 1).
    std::vector<const Subject*> backups_of(const Subject& filesystem) const;
    std::vector<const Subject*> covered_by(const Subject& backup) const;

  private:
    using Links = std::map<const Subject*, std::vector<const Subject*>>;
    void add_members(const Facts& facts);
    void add_filesystems(const Facts& facts);
    void add_uses(const Facts& facts);
    void link(const Subject* below, const Subject* filesystem);
    void add_array(const Subject& filesystem);

    void add_once(Links& links, const Subject* from, const Subject* to);

    std::vector<Membership> members_;
    std::map<const Subject*, std::vector<size_t>> members_of_;  // by array and by drive
    Links drives_, arrays_, filesystems_, backups_, covered_;
    std::set<std::pair<const Subject*, const Subject*>> linked_;  // of all of these
    std::map<std::string_view, const Subject*> arrays_by_device_;
};

}  // namespace lastgood
