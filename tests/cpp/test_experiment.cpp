// SPDX-License-Identifier: BSD-2-Clause
#include <coma/experiment.hpp>

#include <sys/wait.h>

#include <regex>

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
    CHECK_THROWS(coma::file_error, "it is a directory, a pipe or a device; name a file", coma::detail::read_file("/"));
    CHECK_EQUAL(coma::detail::list_or_create(coma::detail::directory_of(file)).size(), 3u);
}

/// Neither a pipe, on which nobody writes, nor a device holds up who reads it.
void what_is_no_file_is_refused() {
    const std::string directory = check::directory();
    coma::experiment made(directory);
    const std::string pipe = directory + "/pipe";
    CHECK_EQUAL(::mkfifo(pipe.c_str(), 0600), 0);
    CHECK_THROWS(coma::file_error, "it is a directory, a pipe or a device", coma::measurement::load(pipe));
    CHECK_THROWS(coma::file_error, "it is a directory, a pipe or a device", coma::measurement::load("/dev/zero"));
    CHECK_THROWS(coma::file_error, "exists already", coma::measurement().save(pipe));
    for (const std::string& file : {made.index_file(), made.experiment_file()}) {
        CHECK_EQUAL(::rename(file.c_str(), (file + ".old").c_str()), 0);
        CHECK_EQUAL(::mkfifo(file.c_str(), 0600), 0);
        CHECK_THROWS(coma::file_error, "it is a directory, a pipe or a device", coma::experiment(directory).last_id());
        CHECK_THROWS(coma::file_error, "Not a directory", coma::experiment(file).last_id());
        CHECK_EQUAL(::rename((file + ".old").c_str(), file.c_str()), 0);
    }
    CHECK_EQUAL(::mkfifo((made.index_file() + ".lock").c_str(), 0600), 0);
    CHECK_THROWS(coma::lock_error, "remove the file", coma::detail::file_lock(made.index_file() + ".lock", 0.1));
}

/// Who replaces a file does not change who may read it, and writes where a link leads to.
void a_file_that_is_replaced_keeps_mode_and_links() {
    const std::string directory = check::directory();
    const std::string file = directory + "/file", link = directory + "/link", lost = directory + "/lost";
    coma::detail::publish_file(file, "old");
    CHECK_EQUAL(::chmod(file.c_str(), 0604), 0);
    CHECK_EQUAL(::symlink("file", link.c_str()), 0);
    coma::detail::replace_file(link, "new");
    struct stat status{};
    CHECK(::lstat(link.c_str(), &status) == 0 && S_ISLNK(status.st_mode));
    CHECK_EQUAL(coma::detail::read_file(file), "new");
    CHECK(::stat(file.c_str(), &status) == 0 && (status.st_mode & 07777) == 0604);
    CHECK_EQUAL(::symlink("nothing", lost.c_str()), 0);
    CHECK_THROWS(coma::file_error, "remove the link", coma::detail::replace_file(lost, "new"));
    CHECK_EQUAL(coma::detail::list_or_create(directory).size(), 3u);
}

/// The name of a file on its way says on which host, since which boot, among which ids which process writes it.
void temporary_names() {
    const std::string name = coma::detail::temporary_name("some/" + std::string(300, 'x'));
    const std::string process = coma::detail::number_text(::getpid());
    const std::string space = coma::detail::hexadecimal(coma::detail::process_space());
    const std::regex expected("some/\\.x{100}~[A-Za-z0-9._]*~([0-9a-f]{8}|0)-" + space + "~" + process +
                              "~[0-9a-f]+\\.tmp");
    CHECK(std::regex_match(name, expected));
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
    coma::detail::publish_file(directory + "/measurement.000001.json", "");
    CHECK_THROWS(coma::experiment_error, "is no experiment", coma::experiment(directory).last_id());
    coma::detail::publish_file(directory + "/experiment.none.json", "{\"experiment\": {\"measurements\": []}}");
    CHECK_THROWS(coma::experiment_error, "is inactive", coma::experiment(directory).last_id());
    CHECK_THROWS(coma::file_error, "No such file", coma::experiment("/nonexistent/a/b").last_id());
}

/// A run script, say, may lie where the experiment is created.
void an_experiment_among_other_files() {
    const std::string directory = check::directory();
    coma::detail::publish_file(directory + "/run.py", "");
    coma::detail::publish_file(directory + "/notes.json", "");
    coma::detail::publish_file(directory + "/measurement.index.json",
                               "{\"measurements\": {\"last_measurement_id\": 0}}");
    CHECK_EQUAL(coma::experiment(directory).add(coma::measurement()), 1u);
    CHECK_EQUAL(coma::detail::list_or_create(directory).size(), 5u);
}

/// What the index may say is a whole number that every language can hold, and nothing that looks like one.
void the_index_holds_an_id() {
    const std::string directory = check::directory();
    coma::experiment e(directory + "/xml");
    const std::string index = directory + "/measurement.index.json";
    coma::detail::publish_file(directory + "/experiment.none.json", "{\"experiment\": {\"info\": {}}}");
    for (const char* wrong : {"3.0", "1e3", "true", "\"5\"", "-1", "18446744073709551615", "9223372036854775808",
                              "100000000000000000000", "null", "[]", "{}", "NaN"}) {
        const std::string text = std::string("{\"measurements\": {\"last_measurement_id\": ") + wrong + "}}";
        coma::detail::replace_file(index, text);
        CHECK_THROWS(coma::experiment_error, index + "' is damaged", coma::experiment(directory).last_id());
        CHECK_THROWS(coma::experiment_error, "write there the highest id in use",
                     coma::experiment(directory).last_id());
        CHECK_EQUAL(coma::detail::read_file(index), text);
    }
    for (const char* wrong : {"3.0", "1e3", "True", "-1", "18446744073709551615", "x"}) {
        const std::string text =
            std::string("<measurements><last_measurement_id>") + wrong + "</last_measurement_id></measurements>";
        coma::detail::replace_file(e.index_file(), text);
        CHECK_THROWS(coma::experiment_error, "is damaged", e.add(coma::measurement()));
        CHECK_EQUAL(coma::detail::read_file(e.index_file()), text);
    }
    coma::detail::replace_file(index, "{\"measurements\": {\"last_measurement_id\": 9223372036854775806}}");
    coma::experiment full(directory);
    CHECK_EQUAL(full.add(coma::measurement()), 9223372036854775807u);
    CHECK_THROWS(coma::experiment_error, "there are no ids beyond it", full.add(coma::measurement()));
    CHECK_EQUAL(full.last_id(), 9223372036854775807u);
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
    const std::string host = coma::detail::lock_host_name(), number = coma::detail::number_text(::getpid());
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
    coma::detail::publish_file(lock, number + "\n" + host + "\n");
    CHECK_THROWS(coma::lock_error, "on " + host + "; wait", coma::detail::file_lock(lock, 0.1, 0.1));
    CHECK_EQUAL(coma::detail::list_or_create(coma::detail::directory_of(lock)).size(), 1u);
    CHECK_THROWS(coma::file_error, "cannot create the lock file", coma::detail::file_lock("/nonexistent/lock"));
}

/// Whether a process elsewhere lives cannot be known: its lock is taken over if nobody touched it for some time.
void the_lock_of_another_host() {
    const std::string lock = check::directory() + "/i.lock";
    coma::detail::publish_file(lock, "1\nelsewhere\n");
    const pid_t owner = ::fork();
    if (owner == 0) {
        for (int i = 0; i < 30; ++i) {
            coma::detail::sleep_milliseconds(100);
            const timespec touched[] = {{i, 0}, {i, 0}};
            ::utimensat(AT_FDCWD, lock.c_str(), touched, 0);
        }
        ::_exit(0);
    }
    const coma::detail::file_lock taken(lock, 0.1, 1.5);
    CHECK_EQUAL(::waitpid(owner, nullptr, WNOHANG), owner);
    CHECK(coma::detail::read_file(lock).find("elsewhere") == std::string::npos);
    CHECK_EQUAL(coma::detail::list_or_create(coma::detail::directory_of(lock)).size(), 1u);
    taken.require(true);
}

/// Who stood still for so long that the lock was taken over writes nothing.
void a_lock_that_was_taken_over() {
    coma::experiment e(check::directory());
    e.add(coma::measurement());
    const std::string lock = e.index_file() + ".lock";
    const coma::detail::index_file index(e.index_file());
    {
        const coma::detail::file_lock held = index.lock();
        CHECK_THROWS(coma::lock_error, "was taken over", index.write(held, 0, 1));
        ::unlink(lock.c_str());
        CHECK_THROWS(coma::lock_error, "was taken over", index.write(held, 1, 2));
        coma::detail::publish_file(lock, "another's");
        CHECK_THROWS(coma::lock_error, "nothing was written", index.write(held, 1, 2));
    }
    CHECK_EQUAL(coma::detail::read_file(lock), "another's");
    CHECK_EQUAL(e.last_id(), 1u);
}

/// Each owner has the whole time limit: a queue is no reason to give up.
void a_lock_that_changes_hands() {
    const std::string lock = check::directory() + "/i.lock";
    const pid_t others = ::fork();
    if (others == 0) {
        for (int i = 0; i < 40; ++i) {
            coma::detail::replace_file(lock, coma::detail::concat({coma::detail::number_text(::getppid()), "\n",
                                                                   coma::detail::lock_host_name(), "\n"}));
            coma::detail::sleep_milliseconds(100);
        }
        ::unlink(lock.c_str());
        ::_exit(0);
    }
    while (!coma::detail::file_exists(lock)) coma::detail::sleep_milliseconds(1);
    {
        const coma::detail::file_lock waited(lock, 2);
    }
    CHECK_EQUAL(::waitpid(others, nullptr, 0), others);
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
    what_is_no_file_is_refused();
    a_file_that_is_replaced_keeps_mode_and_links();
    temporary_names();
    measurement();
    measurement_as_json();
    refused_measurements_take_no_id();
    two_writers_take_turns();
    adds_measurements();
    opens_json();
    refuses_what_is_no_active_experiment();
    an_experiment_among_other_files();
    the_index_holds_an_id();
    own_names();
    locks();
    the_lock_of_another_host();
    a_lock_that_was_taken_over();
    a_lock_that_changes_hands();
    many_processes_share_an_experiment();
    return check::result();
}
