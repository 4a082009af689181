#include <doctest/doctest.h>

#include "tests/collectors/data/scene.hpp"

using namespace lastgood;
using Scene = test::DataScene;

namespace {

std::string sqlite_file() {
    std::string text("SQLite format 3\0\x10\x00", 18);
    text.resize(2 << 20, '\0');
    return text;
}

}  // namespace

TEST_CASE("a host without data") {
    Scene scene;
    CHECK(scene.found().empty());
    CHECK(scene.ran.text.empty());
}

TEST_CASE("PostgreSQL is found in its default places, and where a server works") {
    Scene scene;
    scene.postgresql("/var/lib/postgresql/15/main");
    scene.postgresql("/var/lib/pgsql/15/data");
    scene.postgresql("/data/pg");
    scene.process(812, "postgres", "/data/pg");
    scene.process(813, "postgres", "/data/pg");
    CHECK(scene.found() ==
          "postgresql /data/pg; postgresql /var/lib/pgsql/15/data; "
          "postgresql /var/lib/postgresql/15/main");
    CHECK(scene.value(metric::data_server_running, "postgresql /data/pg") == 1);
    CHECK(scene.value(metric::data_server_running, "postgresql /var/lib/postgresql/15/main") == 0);
    CHECK(scene.value(metric::data_size_bytes, "postgresql /data/pg") == 1006);
    CHECK(scene.label(metric::data_info, "postgresql /var/lib/pgsql/15/data", "filesystem") ==
          "/var/lib/pgsql/15/data");
}

TEST_CASE("a copy of a database's directory is no database") {
    Scene scene;
    scene.postgresql("/var/lib/postgresql/15/copy");
    scene.file("/var/lib/postgresql/15/copy/backup_label", "START WAL LOCATION: 0/2000028\n");
    scene.file("/var/lib/mysql/ibdata1", "x");
    scene.file("/var/lib/mysql/aria_log_control", "x");
    scene.file("/var/lib/mysql/xtrabackup_checkpoints", "backup_type = full-backuped\n");
    CHECK(scene.found().empty());
    scene.process(900, "mariadbd", "/var/lib/mysql");  // it was restored from a copy
    CHECK(scene.found() == "mariadb /var/lib/mysql");
}

TEST_CASE("home directories, services' files and web sites count if something lies there") {
    Scene scene;
    scene.directory("/home");
    scene.directory("/srv/nfs");
    scene.file("/var/www/html/index.html", "It works!");
    CHECK(scene.found().empty());
    scene.file("/home/anna/letter", "x");
    scene.file("/srv/git/repository/HEAD", "x");
    scene.file("/var/www/shop/index.php", "x");
    CHECK(scene.found() == "files /srv; home /home; sites /var/www");
    scene.file("/srv/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n");
    CHECK(scene.found() == "home /home; sites /var/www");
}

TEST_CASE("a place of backups is no data") {
    Scene scene;
    scene.file("/srv/restic/db8/config", std::string(5000, 'x'));
    scene.covers("db8", {"/etc"}, "/srv/restic/db8");
    CHECK(scene.found().empty());
    scene.file("/srv/git/HEAD", "x");
    CHECK(scene.found() == "files /srv");
    CHECK(scene.value(metric::data_size_bytes, "files /srv") == 1);
}

TEST_CASE("other databases, guests and named volumes") {
    Scene scene;
    scene.file("/var/lib/mongodb/WiredTiger", "x");
    scene.file("/var/lib/mongodb/WiredTiger.wt", "x");
    scene.file("/var/lib/redis/dump.rdb", "REDIS0010");
    scene.file("/var/lib/influxdb/meta/meta.db", "x");
    scene.directory("/var/lib/influxdb/data");
    scene.file("/var/lib/elasticsearch/_state/manifest-1.st", "x");
    scene.file("/var/lib/libvirt/images/vm1.qcow2", "x");
    scene.file("/var/lib/docker/volumes/shop_db/_data/ibdata1", "x");
    scene.file("/var/lib/docker/volumes/" + std::string(64, 'a') + "/_data/x", "x");
    scene.directory("/var/lib/docker/volumes/empty/_data");
    scene.process(700, "mongod", "/");
    CHECK(scene.found() ==
          "docker-volume /var/lib/docker/volumes/shop_db/_data; "
          "elasticsearch /var/lib/elasticsearch; guests /var/lib/libvirt/images; "
          "influxdb /var/lib/influxdb; mongodb /var/lib/mongodb; redis /var/lib/redis");
    CHECK(scene.value(metric::data_server_running, "mongodb /var/lib/mongodb") == 1);
    CHECK(scene.value(metric::data_server_running, "influxdb /var/lib/influxdb") == 0);
    CHECK_FALSE(scene.value(metric::data_server_running, "redis /var/lib/redis"));
}

TEST_CASE("SQLite files of a size") {
    Scene scene;
    scene.file("/var/lib/shop/shop.db", sqlite_file());
    scene.file("/var/lib/shop/small.db", sqlite_file().substr(0, 8192));
    scene.file("/var/lib/shop/other.db", std::string(2 << 20, 'x'));
    scene.file("/var/lib/shop/a/deep.sqlite3", sqlite_file());
    scene.file("/var/lib/lastgood/state.db", sqlite_file());
    CHECK(scene.found() == "sqlite /var/lib/shop/a/deep.sqlite3; sqlite /var/lib/shop/shop.db");
}

TEST_CASE("data is covered by a path at or above it") {
    Scene scene;
    scene.postgresql("/var/lib/postgresql/15/main");
    scene.file("/home/anna/letter", "x");
    const std::string data = "postgresql /var/lib/postgresql/15/main";
    scene.found();
    CHECK(scene.value(metric::data_backed_up, data) == 0);
    CHECK(scene.value(metric::data_told_by_filesystem, data) == 1);
    scene.covers("etc", {"/etc"});
    scene.covers("homes", {"/home/anna", "/home/ben"});
    scene.found();
    CHECK(scene.value(metric::data_backed_up, data) == 0);
    CHECK(scene.value(metric::data_told_by_filesystem, data) == 0);
    CHECK(scene.label(metric::data_backup, "home /home", "part") == "/home/anna, /home/ben");
    scene.covers("all", {"/"});
    scene.found();
    CHECK(scene.value(metric::data_backed_up, data) == 1);
    CHECK(scene.label(metric::data_backup, data, "backup") == "all");
    CHECK(scene.label(metric::data_backup, data, "part").empty());
}

TEST_CASE("data that is declared to be backed up elsewhere tells by whom, and until when") {
    Scene scene;
    scene.postgresql("/var/lib/postgresql/15/main");
    scene.file("/opt/shop/cart", "x");
    scene.config.elsewhere = {
        {{"/var/lib/postgresql", "/opt/shop"}, "anna", "the NAS", 4e9},
        {{"/var/lib"}, "ben", "tapes", 1e9},
        {{"/backup"}, "ben", "tapes", 4e9},  // a filesystem, which speaks for itself
    };
    const std::string data = "postgresql /var/lib/postgresql/15/main";
    const Metric& until = metric::data_elsewhere_until_timestamp_seconds;
    CHECK(scene.found() ==
          "declared /opt/shop; declared /var/lib; declared /var/lib/postgresql; " + data);
    CHECK(scene.value(until, data) == 4e9);
    CHECK(scene.label(until, data, "owner") == "anna");
    CHECK(scene.label(until, data, "reason") == "the NAS");
    CHECK(scene.value(metric::data_backed_up, data) == 0);
    CHECK(scene.value(metric::data_told_by_filesystem, data) == 0);  // it says something else
    CHECK(scene.value(until, "declared /var/lib") == 1e9);
    SUBCASE("the end is told of the path that was declared") {
        scene.file("/now", "2000000000\n");
        scene.config.elsewhere[0].until = 1e9;
        scene.found();
        CHECK_FALSE(scene.value(until, data));
        CHECK(scene.value(until, "declared /opt/shop") == 1e9);
    }
    SUBCASE("the filesystem is declared, too") {
        scene.config.elsewhere = {{{"/"}, "anna", "the hypervisor", 4e9}};
        CHECK(scene.found() == data);
        CHECK(scene.value(until, data) == 4e9);
        CHECK(scene.value(metric::data_told_by_filesystem, data) == 1);
    }
    SUBCASE("an ephemeral disk is told whatever somebody says") {
        scene.file("/DATALOSS_WARNING_README.txt", "x");
        scene.found();
        CHECK_FALSE(scene.value(until, data));
        CHECK(scene.value(metric::data_told_by_filesystem, data) == 1);
    }
}

TEST_CASE("precious data has a finding of its own, and not_backed_up counts for what lies below") {
    Scene scene;
    scene.file("/opt/ledger/book", "x");
    scene.postgresql("/var/lib/postgresql/15/main");
    scene.config.precious.value = {"/opt/ledger", "/no/such/path"};
    scene.config.not_backed_up.value = {"/var/lib/postgresql: a replica"};
    CHECK(scene.found() == "postgresql /var/lib/postgresql/15/main; precious /opt/ledger");
    CHECK(scene.value(metric::data_told_by_filesystem, "precious /opt/ledger") == 0);
    CHECK(scene.value(metric::data_backed_up, "precious /opt/ledger") == 0);
    CHECK_FALSE(scene.value(metric::data_backed_up, "postgresql /var/lib/postgresql/15/main"));
    CHECK(scene.label(metric::data_backup_waived, "postgresql /var/lib/postgresql/15/main",
                      "reason") == "a replica");
}

TEST_CASE("data of which backups have only a part is told, unless the parts are all of it") {
    const auto partly = [](const std::vector<std::string>& covers) {
        Scene scene;
        scene.file("/home/anna/letter", "x");
        scene.file("/home/bert/mail/1", "x");
        scene.directory("/home/lost+found");
        scene.directory("/home/carla/empty");
        scene.covers("homes", covers);
        scene.found();
        return scene.value(metric::data_partly_backed_up, "home /home");
    };
    CHECK(partly({"/home/anna"}) == 1);
    CHECK(partly({"/home/anna/letter"}) == 1);
    CHECK(partly({"/home/anna", "/home/bert"}) == 0);
    CHECK(partly({"/home/anna/letter", "/home/bert/mail"}) == 0);
    CHECK(partly({"/home"}) == 0);
    CHECK(partly({"/"}) == 0);
    CHECK_FALSE(partly({"/etc"}).has_value());

    Scene scene;
    scene.file("/opt/ledger/2025/book", "x");
    scene.file("/opt/ledger/2026/book", "x");
    scene.config.precious.value = {"/opt/ledger"};
    scene.covers("ledger", {"/opt/ledger/2026"});
    scene.found();
    CHECK(scene.value(metric::data_partly_backed_up, "precious /opt/ledger") == 1);
    CHECK(scene.value(metric::data_precious, "precious /opt/ledger") == 1);
    scene.covers("ledger", {"/opt/ledger/2025"});
    scene.found();
    CHECK(scene.value(metric::data_partly_backed_up, "precious /opt/ledger") == 0);
    scene.directory("/opt/ledger/.snapshots/1");
    scene.found();
    CHECK(scene.value(metric::data_partly_backed_up, "precious /opt/ledger") == 0);
    scene.file("/opt/ledger/.env", "secret");
    scene.found();
    CHECK(scene.value(metric::data_partly_backed_up, "precious /opt/ledger") == 1);
    scene.config.not_backed_up.value = {"/opt/ledger: printed"};
    scene.found();
    CHECK_FALSE(scene.value(metric::data_partly_backed_up, "precious /opt/ledger").has_value());
    CHECK(scene.value(metric::data_backed_up, "precious /opt/ledger") == 1);  // all the same
}

TEST_CASE(
    "not_backed_up counts for what lies on its own mount, and for precious data by its name") {
    Scene scene;
    scene.file("/proc/self/mountinfo", std::string(test::data_mountinfo) +
                                           "31 27 8:17 /homes /home rw - ext4 /dev/sdb1 rw\n");
    scene.file("/home/anna/letter", "x");
    scene.file("/opt/ledger/book", "x");
    scene.file("/var/www/shop/index.html", "x");
    scene.config.precious.value = {"/opt/ledger"};
    scene.config.not_backed_up.value = {"/: a cattle host"};
    scene.found();
    CHECK(scene.value(metric::data_backup_waived, "sites /var/www") == 1);
    CHECK_FALSE(scene.value(metric::data_backup_waived, "home /home"));
    CHECK_FALSE(scene.value(metric::data_backup_waived, "precious /opt/ledger"));
}

TEST_CASE("copies that a backup has as a whole are copies of the data; those in memory are none") {
    Scene scene;
    scene.file("/proc/self/mountinfo",
               std::string(test::data_mountinfo) + "31 27 0:60 / /memory rw - tmpfs none rw\n");
    scene.postgresql("/var/lib/postgresql/15/main");
    scene.directory("/memory/r");
    scene.directory("/backup/r/part");
    const std::string data = "postgresql /var/lib/postgresql/15/main";
    const auto labels = [&](const char* label) {
        scene.found();
        return scene.label(metric::data_backup, data, label);
    };
    scene.covers("local", {"/var/lib/postgresql"}, "/backup/r");
    scene.covers("memory", {"/var/lib/postgresql"}, "/memory/r");
    scene.covers("some", {"/backup/r/part"}, "/srv/nfs/r");
    CHECK(labels("via").empty());
    CHECK(labels("domain").ends_with("; ephemeral"));
    CHECK(labels("content") == "files; files");
    scene.covers("all", {"/backup/r"}, "/srv/nfs/r");
    CHECK(labels("via") == "local; ");
}
