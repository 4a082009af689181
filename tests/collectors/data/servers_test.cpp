// Tests databases in directories of their own: what is known of them without a look at other users'
// working directories, which needs CAP_SYS_PTRACE.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>

#include "collectors/data/parse/server_config.hpp"
#include "tests/collectors/data/scene.hpp"

using namespace lastgood;
using Scene = test::DataScene;

namespace {

// A process whose working directory cannot be read; arguments with spaces between them.
void process(Scene& scene, int id, const std::string& program, std::string line,
             const std::string& mountinfo = "") {
    std::ranges::replace(line, ' ', '\0');
    scene.file(fmt::format("/proc/{}/comm", id), program + "\n");
    scene.file(fmt::format("/proc/{}/cmdline", id), line);
    scene.file(fmt::format("/proc/{}/mountinfo", id),
               mountinfo.empty() ? test::data_mountinfo : mountinfo);
}

}  // namespace

TEST_CASE("a server's arguments name its directory") {
    Scene scene;
    scene.postgresql("/data/pg");
    scene.postgresql("/var/lib/postgresql/15/main");
    process(scene, 812, "postgres", "/usr/lib/postgresql/15/bin/postgres -D /data/pg");
    process(scene, 813, "postgres", "postgres: checkpointer");
    CHECK(scene.found() == "postgresql /data/pg; postgresql /var/lib/postgresql/15/main");
    CHECK(scene.value(metric::data_server_running, "postgresql /data/pg") == 1);
    CHECK(scene.value(metric::data_server_running, "postgresql /var/lib/postgresql/15/main") == 0);
}

TEST_CASE("PostgreSQL without arguments: its file tells whether it runs") {
    Scene scene;
    for (const char* path :
         {"/var/lib/postgresql/15/main", "/var/lib/postgresql/15/old", "/data/configured"})
        scene.postgresql(path);
    scene.file("/etc/postgresql/15/configured/postgresql.conf",
               "data_directory = '/data/configured'\n");
    scene.file("/var/lib/postgresql/15/main/postmaster.pid", "812\n/var/lib/postgresql/15/main\n");
    scene.file("/data/configured/postmaster.pid", "814\n/data/configured\n");  // left by a crash
    process(scene, 812, "postgres", "postgres");
    process(scene, 814, "bash", "bash");
    CHECK(scene.found() ==
          "postgresql /data/configured; postgresql /var/lib/postgresql/15/main; "
          "postgresql /var/lib/postgresql/15/old");
    CHECK(scene.value(metric::data_server_running, "postgresql /var/lib/postgresql/15/main") == 1);
    CHECK(scene.value(metric::data_server_running, "postgresql /var/lib/postgresql/15/old") == 0);
    CHECK(scene.value(metric::data_server_running, "postgresql /data/configured") == 0);
}

TEST_CASE("configurations name directories, running or not") {
    Scene scene;
    for (const char* file :
         {"/data/my/ibdata1", "/data/my/aria_log_control", "/data/mongo/WiredTiger",
          "/data/mongo/WiredTiger.wt", "/data/redis/dump.rdb", "/data/es/_state/x"})
        scene.file(file, "x");
    scene.file("/etc/mysql/mariadb.conf.d/50-server.cnf", "[mysqld]\ndatadir = /data/my\n");
    scene.file("/opt/mongod.conf", "storage:\n  dbPath: /data/mongo\n");
    scene.file("/etc/redis/redis.conf", "dir /data/redis\n");
    scene.file("/etc/elasticsearch/elasticsearch.yml", "path.data: /data/es\n");
    process(scene, 700, "mongod", "mongod --config /opt/mongod.conf");
    process(scene, 701, "mariadbd", "/usr/sbin/mariadbd");
    CHECK(scene.found() ==
          "elasticsearch /data/es; mariadb /data/my; mongodb /data/mongo; redis /data/redis");
    CHECK(scene.value(metric::data_server_running, "mongodb /data/mongo") == 1);
    CHECK(scene.value(metric::data_server_running, "mariadb /data/my") == 1);
}

TEST_CASE("a server in a container has its data where the mount behind its path lies here") {
    Scene scene;
    scene.postgresql("/data/pg");
    scene.postgresql("/var/lib/postgresql/data");
    const std::string root = "90 1 0:70 / / rw - overlay overlay rw\n";
    process(scene, 812, "postgres", "postgres -D /var/lib/postgresql/data",
            root + "91 90 8:1 /data/pg /var/lib/postgresql/data rw - ext4 /dev/sda1 rw\n");
    process(scene, 813, "postgres", "postgres", root);
    process(scene, 814, "postgres", "postgres -D /var/lib/postgresql/data", root);
    CHECK(scene.found() == "postgresql /data/pg; postgresql /var/lib/postgresql/data");
    CHECK(scene.value(metric::data_server_running, "postgresql /data/pg") == 1);
    CHECK(scene.value(metric::data_server_running, "postgresql /var/lib/postgresql/data") == 0);
}

namespace {

// Of a user, with a directory that the user of this test owns.
void process_of(Scene& scene, int id, long user, const std::string& directory) {
    scene.postgresql(directory);
    process(scene, id, "postgres", "postgres -D " + directory);
    scene.file(fmt::format("/proc/{}/status", id),
               fmt::format("Name:\tpostgres\nUid:\t0\t{0}\t{0}\t{0}\n", user));
}

size_t pieces_in(const std::string& found) {
    return static_cast<size_t>(std::ranges::count(found, ';')) + 1;
}

}  // namespace

TEST_CASE("a process tells of directories that its user owns") {
    Scene scene;
    process_of(scene, 812, ::geteuid(), "/data/own");
    process_of(scene, 813, ::geteuid() + 1, "/data/other");
    process_of(scene, 814, 0, "/data/root");  // which becomes the user later
    CHECK(scene.found() == "postgresql /data/own; postgresql /data/root");
}

TEST_CASE("processes of people push out nothing") {
    Scene scene;
    scene.file("/data/precious/x", "x");
    scene.config.precious = std::vector<std::string>{"/data/precious"};
    scene.postgresql("/var/lib/postgresql/15/main");
    const auto user = static_cast<long>(::geteuid());
    for (int id = 1000; id < 1300; ++id) process_of(scene, id, user, fmt::format("/data/{}", id));
    const std::string found = scene.found();
    CHECK(found.find("precious /data/precious") != found.npos);
    CHECK(found.find("postgresql /var/lib/postgresql/15/main") != found.npos);
    CHECK(pieces_in(found) <= 102);
    if (user >= 1000) CHECK(pieces_in(found) == 7);
}

TEST_CASE("of one kind of data at most 200 pieces are watched, and precious data always") {
    Scene scene;
    for (int number = 0; number < 250; ++number)
        scene.postgresql(fmt::format("/var/lib/postgresql/15/{}", number));
    scene.file("/data/precious/x", "x");
    scene.config.precious = std::vector<std::string>{"/data/precious", "/var/lib/postgresql/15/99"};
    const std::string found = scene.found();
    CHECK(pieces_in(found) == 202);
    CHECK(found.find("precious /data/precious") != found.npos);
    CHECK(found.find("postgresql /var/lib/postgresql/15/99") != found.npos);
    REQUIRE(scene.ran.sink.problems.size() == 1);
    CHECK(scene.ran.sink.problems[0].second.message ==
          "251 pieces of data were found; only 202 of them are watched, at most 200 of one kind; "
          "name those that matter in precious");
}

TEST_CASE("as whom a process works") {
    CHECK(effective_user("Name:\tx\nUid:\t1\t1000\t3\t4\nGid:\t7\t8\t9\t9\n") == 1000);
    CHECK_FALSE(effective_user("Name:\tx\n"));
    CHECK_FALSE(effective_user("Uid:\t1\n"));
    CHECK_FALSE(effective_user("Uid:\tx\ty\n"));
}
