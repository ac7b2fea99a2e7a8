// SPDX-License-Identifier: BSD-2-Clause
#include <coma/experiment.hpp>

#include <sys/wait.h>

#include "check.hpp"

using coma::tree;

namespace {

void files() {
    const std::string file = check::directory() + "/a.txt";
    CHECK(coma::detail::try_publish_file(file, "one"));
    CHECK(!coma::detail::try_publish_file(file, "two"));
    CHECK_EQUAL(coma::detail::read_file(file), "one");
    CHECK_THROWS(coma::file_error, "never overwritten", coma::detail::publish_file(file, "two"));
    CHECK_EQUAL(coma::detail::publish_linked(file, "two"), EEXIST);
    CHECK_EQUAL(coma::detail::publish_exclusively(file, "two"), EEXIST);
    CHECK_EQUAL(coma::detail::publish_linked(file + "2", "two"), 0);
    CHECK_EQUAL(coma::detail::publish_exclusively(file + "3", "three"), 0);
    CHECK_EQUAL(coma::detail::read_file(file + "2") + coma::detail::read_file(file + "3"), "twothree");
    coma::detail::replace_file(file, "four");
    CHECK_EQUAL(coma::detail::read_file(file), "four");
    CHECK_THROWS(coma::file_error, "cannot open '/nonexistent/x': No such file",
                 coma::detail::read_file("/nonexistent/x"));
    CHECK_THROWS(coma::file_error, "No such file", coma::detail::publish_file("/nonexistent/x", ""));
    CHECK_THROWS(coma::file_error, "Is a directory", coma::detail::read_file("/"));
    CHECK_EQUAL(coma::detail::list_or_create(coma::detail::directory_of(file)).size(), 3u);
}

void measurement() {
    coma::measurement m("pendulum", "1.0.0");
    m["parameters/L"] = 1.0;
    m["info/comment"] = "x";
    m.set(tree::dict({{"results", tree::dict({{"t", 2.0}})}}));
    const std::string file = check::directory() + "/m.xml";
    m.save(file);
    const tree read = coma::measurement::load(file);
    CHECK_EQUAL(read.get<std::string>("info/program") + read.get<std::string>("info/version"), "pendulum1.0.0");
    CHECK_EQUAL(read.get<std::string>("info/start_date").size(), 20u);
    CHECK_EQUAL(read.items()[0].key, "info");
    CHECK_EQUAL(m.to_tree(7).at("info").items()[0].key, "measurement_id");
    CHECK_EQUAL(m.to_tree(7).at("info").items()[2].key, "end_date");
    CHECK_EQUAL(read.get<double>("results/t"), 2.0);
    CHECK_EQUAL(read.get<std::string>("info/comment"), "x");
    CHECK_THROWS(coma::file_error, "exists already", m.save(file));
}

void measurement_as_json() {
    coma::measurement m("pendulum", "1.0.0");
    m["results/text"] = "<end_date/>";
    const std::string file = check::directory() + "/m.json";
    m.save(file);
    const std::string text = coma::detail::read_file(file);
    CHECK_EQUAL(text.find("{\n  \"measurement\": {\n    \"info\": {\n      \"start_date\": \""), 0u);
    CHECK_EQUAL(text.back(), '}');
    const tree read = coma::measurement::load(file);
    CHECK_EQUAL(read.get<std::string>("info/end_date").size(), 20u);
    CHECK_EQUAL(read.get<std::string>("results/text"), "<end_date/>");
    CHECK(m.get<tree>("info/end_date").is_null());
    m.finish();
    CHECK_EQUAL(m.to_xml().find("<end_date/>"), std::string::npos);
    coma::detail::publish_file(file + ".json", "{\"experiment\": {}}");
    CHECK_THROWS(coma::parse_error, "the only key should be 'measurement'", coma::measurement::load(file + ".json"));
    CHECK_THROWS(coma::file_error, "exists already", m.save(file));
}

/// What XML cannot hold is refused before an id is taken.
void refused_measurements_take_no_id() {
    coma::experiment e(check::directory() + "/new");
    coma::measurement m("p", "1");
    m["results/text"] = "\x01";
    CHECK_THROWS(coma::format_error, "results/text", e.add(m));
    CHECK_EQUAL(e.last_id(), 0u);
}

/// The id in the file is the one in its name, also when others took ids meanwhile.
void two_writers_take_turns() {
    const std::string directory = check::directory() + "/new";
    coma::experiment a(directory), b(directory);
    for (int i = 0; i < 3; ++i) a.add(coma::measurement()), b.add(coma::measurement());
    b.add(coma::measurement());
    for (int id = 1; id <= 7; ++id) {
        const std::string file = directory + "/measurement.00000" + std::to_string(id) + ".xml";
        CHECK_EQUAL(coma::measurement::load(file).get<int>("info/measurement_id"), id);
    }
}

void adds_measurements() {
    const std::string directory = check::directory() + "/new";
    coma::experiment e(directory);
    coma::measurement m("p", "1");
    m["parameters/s"] = ">0</measurement_id>";
    CHECK_EQUAL(e.add(m), 1u);
    CHECK_EQUAL(e.add(m), 2u);
    CHECK_EQUAL(coma::measurement::load(directory + "/measurement.000002.xml").get<int>("info/measurement_id"), 2);
    coma::detail::publish_file(directory + "/measurement.000003.xml", "stale");
    CHECK_THROWS(coma::experiment_error, "measurement.000003.xml' lies above the index", coma::experiment(directory));
    CHECK_EQUAL(coma::detail::read_file(directory + "/measurement.000003.xml"), "stale");
    CHECK_EQUAL(e.last_id(), 2u);
    CHECK(!coma::detail::file_exists(directory + "/measurement.index.xml.lock"));
}

void opens_json() {
    const std::string directory = check::directory();
    coma::detail::publish_file(directory + "/experiment.000012.json",
                               "{\n  \"experiment\": {\n    \"info\": {}\n  }\n}");
    CHECK_THROWS(coma::experiment_error, "has no index file", coma::experiment(directory).last_id());
    coma::detail::publish_file(directory + "/measurement.index.json",
                               "{\"measurements\": {\"last_measurement_id\": 41, \"x\": 1}}");
    CHECK_EQUAL(coma::experiment(directory).add(coma::measurement()), 42u);
    CHECK_EQUAL(coma::detail::read_file(directory + "/measurement.index.json"),
                "{\n  \"measurements\": {\n    \"last_measurement_id\": 42,\n    \"x\": 1\n  }\n}");
    coma::detail::publish_file(directory + "/experiment.none.xml", "<experiment/>");
    CHECK_THROWS(coma::experiment_error, "two experiment files", coma::experiment(directory).last_id());
}

void refuses_what_is_no_active_experiment() {
    const std::string directory = check::directory();
    coma::detail::publish_file(directory + "/note.txt", "");
    CHECK_THROWS(coma::experiment_error, "is no experiment", coma::experiment(directory).last_id());
    coma::detail::publish_file(directory + "/experiment.none.json", "{\"experiment\": {\"measurements\": []}}");
    CHECK_THROWS(coma::experiment_error, "is inactive", coma::experiment(directory).last_id());
    CHECK_THROWS(coma::file_error, "No such file", coma::experiment("/nonexistent/a/b").last_id());
}

void own_names() {
    coma::experiment_names names;
    names.measurement = "run-${measurement_id}-x";
    names.index = "runs";
    names.experiment = "sweep.${experiment_id}.e";
    const std::string directory = check::directory();
    coma::experiment e(directory, names);
    CHECK_EQUAL(e.add(coma::measurement()), 1u);
    CHECK(coma::detail::file_exists(directory + "/run-000001-x.xml") &&
          coma::detail::file_exists(directory + "/runs.xml"));
    CHECK_EQUAL(coma::experiment(directory, names).experiment_file(), directory + "/sweep.none.e.xml");
}

/// The id of a process that no longer runs.
pid_t dead_process() {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    ::waitpid(child, nullptr, 0);
    return child;
}

void locks() {
    const std::string lock = check::directory() + "/i.lock";
    const std::string host = coma::detail::lock_host_name();
    {
        const coma::detail::file_lock held(lock);
        CHECK_EQUAL(coma::detail::read_file(lock), coma::detail::number_text(::getpid()) + "\n" + host + "\n");
        CHECK_THROWS(coma::lock_error, "is held by process " + coma::detail::number_text(::getpid()),
                     coma::detail::file_lock(lock, 0.1));
    }
    CHECK(!coma::detail::file_exists(lock));
    const std::string dead = coma::detail::number_text(dead_process());
    for (const std::string& left :
         {dead + "\n" + host + "\n", dead + "\n" + host + "\n12345\n", std::string(), std::string("junk")}) {
        coma::detail::publish_file(lock, left);
        const coma::detail::file_lock taken(lock, 5);
        CHECK(coma::detail::read_file(lock) != left);
    }
    CHECK(!coma::detail::file_exists(lock));
    coma::detail::publish_file(lock, dead + "\nelsewhere\n");
    CHECK_THROWS(coma::lock_error, "on elsewhere; wait", coma::detail::file_lock(lock, 0.1));
    CHECK_EQUAL(coma::detail::list_or_create(coma::detail::directory_of(lock)).size(), 1u);
    CHECK_THROWS(coma::file_error, "cannot create the lock file", coma::detail::file_lock("/nonexistent/lock"));
}

void many_processes_share_an_experiment() {
    const std::string directory = check::directory() + "/shared";
    for (int p = 0; p < 6; ++p) {
        if (::fork() != 0) continue;
        coma::experiment e(directory);
        for (int i = 0; i < 10; ++i) e.add(coma::measurement("p", "1"));
        ::_exit(0);
    }
    int status = 0;
    while (::wait(&status) > 0) CHECK_EQUAL(status, 0);
    CHECK_EQUAL(coma::experiment(directory).last_id(), 60u);
    CHECK_EQUAL(coma::detail::list_or_create(directory).size(), 62u);
}

}  // namespace

int main() {
    files();
    measurement();
    measurement_as_json();
    refused_measurements_take_no_id();
    two_writers_take_turns();
    adds_measurements();
    opens_json();
    refuses_what_is_no_active_experiment();
    own_names();
    locks();
    many_processes_share_an_experiment();
    return check::result();
}
