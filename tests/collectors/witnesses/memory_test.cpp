#include "collectors/witnesses/memory.hpp"

#include <doctest/doctest.h>

#include "core/json_value.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp now = 1'790'000'000;

}  // namespace

TEST_CASE("memory of witnesses: what is saved is read again") {
    WitnessMemory memory;
    FilesystemPast& past = memory[{"uuid-1", "/srv"}];
    past.seen = now;
    past.device = "sda1";
    past.witnesses["lifetime_writes"].note({now - 10, 5, 4}, Course::first);
    past.doubtful_since = now - 7;
    past.rolled_back = RolledBack{now - 5, now - 9, 0, now - 100};
    past.told_by = "lifetime_writes";
    const auto read = parse_witness_memory(parse_json(to_json(memory).dump()), now);
    REQUIRE(read.size() == 1);
    const auto& [key, same] = *read.begin();
    CHECK(key == std::pair<std::string, std::string>("uuid-1", "/srv"));
    CHECK(same.device == "sda1");
    CHECK(same.witnesses.at("lifetime_writes").sightings() ==
          past.witnesses.at("lifetime_writes").sightings());
    CHECK(same.rolled_back == past.rolled_back);
    CHECK(same.doubtful_since == now - 7);
    CHECK(same.told_by == "lifetime_writes");
}

TEST_CASE("memory of witnesses: what makes no sense is left out, what is a year old is forgotten") {
    for (const char* text : {"{}", "[]", R"({"filesystems":{}})", R"({"filesystems":[1,{}]})",
                             R"({"filesystems":[{"uuid":1,"point":"/"}]})",
                             R"({"filesystems":[{"uuid":"u","point":"/","seen":1}]})"})
        CHECK(parse_witness_memory(parse_json(text), now).empty());
    const auto odd = parse_witness_memory(
        parse_json(R"({"filesystems":[{"uuid":"u","point":"/","seen":9e99,"device":[],
            "witnesses":{"a":[[1],[1,2,3,4],["x",1,1],[5,6,6]],"b":7},"rolled_back":{"found":-1}}]})"),
        now);
    REQUIRE(odd.size() == 1);
    const FilesystemPast& past = odd.begin()->second;
    CHECK(past.seen == now);
    CHECK(past.witnesses.size() == 1);
    CHECK(past.witnesses.at("a").sightings() == std::vector<Sighting>{{5, 6, 6}});
    CHECK_FALSE(past.rolled_back.has_value());
}
