// SPDX-License-Identifier: BSD-2-Clause
// A million doubles written and read, and a small measurement published: processor time as a ratio to Boost or to bare
// system calls in the same run, the best of several.
#include <boost/archive/xml_iarchive.hpp>
#include <boost/archive/xml_oarchive.hpp>
#include <boost/serialization/nvp.hpp>
#include <boost/serialization/vector.hpp>

#include <coma/coma.hpp>
#include <coma/detail/files.hpp>
#include <coma/detail/system.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>

namespace {

struct series {
    std::vector<double> values;
    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar & BOOST_SERIALIZATION_NVP(values);
    }
};

double processor_seconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

template <class Action>
double best_of(int times, Action&& action) {
    double best = 1e9;
    for (int i = 0; i < times; ++i) {
        const double begin = processor_seconds();
        action();
        const double spent = processor_seconds() - begin;
        best = spent < best ? spent : best;
    }
    return best;
}

void report(const char* what, double time, double reference, double limit) {
    std::printf("%-45s %8.3f ms  ratio %5.3f  (at most %.2f)%s\n", what, 1e3 * time, time / reference, limit,
                time / reference > limit ? "  MISSED" : "");
}

template <class Archive>
void write(const char* file, const series& s, const coma::xml_form& form) {
    std::ofstream out(file);
    Archive archive(out, form);
    archive << coma::make_nvp("series", s);
}

template <class Archive>
void read(const char* file) {
    series s;
    std::ifstream in(file);
    Archive archive(in);
    archive >> boost::serialization::make_nvp("series", s);
}

void archives(int repeats) {
    series s;
    for (int i = 0; i < 1000000; ++i) s.values.push_back(std::sin(i) * std::exp(i % 40));
    const double boost_write = best_of(repeats, [&] {
        std::ofstream out("boost.xml");
        boost::archive::xml_oarchive archive(out);
        archive << boost::serialization::make_nvp("series", s);
    });
    std::printf("%-45s %8.3f ms\n", "Boost writes a million doubles", 1e3 * boost_write);
    report("plain form", best_of(repeats, [&] { write<coma::xml_oarchive>("plain.xml", s, coma::plain_form); }),
           boost_write, 0.2);
    report("Boost's form", best_of(repeats, [&] { write<coma::xml_oarchive>("full.xml", s, coma::boost_form); }),
           boost_write, 0.2);
    report("Boost's form, exact",
           best_of(repeats, [&] { write<coma::xml_oarchive>("exact.xml", s, coma::exact_boost_form); }), boost_write,
           0.2);
    const double boost_read = best_of(repeats, [] { read<boost::archive::xml_iarchive>("boost.xml"); });
    std::printf("%-45s %8.3f ms\n", "Boost reads them", 1e3 * boost_read);
    report("plain form", best_of(repeats, [] { read<coma::xml_iarchive>("plain.xml"); }), boost_read, 0.25);
    report("Boost's own file", best_of(repeats, [] { read<coma::xml_iarchive>("boost.xml"); }), boost_read, 0.25);
}

/// The way to a tree and back, without text.
void trees(int repeats) {
    series s;
    for (int i = 0; i < 1000000; ++i) s.values.push_back(std::sin(i));
    coma::tree state;
    const double to = best_of(repeats, [&] { state = coma::to_tree(s); });
    std::printf("%-45s %8.3f ms\n", "a tree of a million doubles", 1e3 * to);
    report("from_tree", best_of(repeats, [&] { coma::from_tree(state, s); }), to, 4);
}

coma::measurement small() {
    coma::measurement m("pendulum", "1.0");
    m["parameters/theta_0"] = -5.0;
    m["parameters/theta"] = 0.0;
    m["results/t"] = 0.25;
    return m;
}

/// The same bytes by the fewest system calls that are as durable.
void publish_by_hand(const std::string& text, const std::string& file) {
    const int opened = ::open((file + ".tmp").c_str(), O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (::write(opened, text.data(), text.size()) < 0 || ::fsync(opened) != 0) std::perror("write");
    ::close(opened);
    if (::rename((file + ".tmp").c_str(), file.c_str()) != 0) std::perror("rename");
    coma::detail::sync_directory(file);
}

double wall_seconds() { return coma::detail::monotonic_seconds(); }

void small_files(int files) {
    const std::string text = small().to_xml();
    double by_hand = 1e9, saved = 1e9;
    for (int round = 0; round < 5; ++round) {
        double begin = wall_seconds();
        for (int i = 0; i < files; ++i) publish_by_hand(text, "hand" + std::to_string(round * files + i) + ".xml");
        by_hand = std::min(by_hand, wall_seconds() - begin);
        begin = wall_seconds();
        for (int i = 0; i < files; ++i) small().save("saved" + std::to_string(round * files + i) + ".xml");
        saved = std::min(saved, wall_seconds() - begin);
    }
    std::printf("%-45s %8.3f ms\n", "a small file by hand", 1e3 * by_hand / files);
    report("a small measurement built and saved", saved / files, by_hand / files, 1.1);
}

/// A new directory to work in, beside the present one since a file system in memory would show nothing; gone in the end.
class scratch {
public:
    scratch() {
        if (!::mkdtemp(name_)) throw coma::file_error("cannot create", name_, errno);
        std::filesystem::current_path(name_);
    }
    scratch(const scratch&) = delete;
    scratch& operator=(const scratch&) = delete;
    ~scratch() {
        std::filesystem::current_path("..");
        std::filesystem::remove_all(name_);
    }

private:
    char name_[24] = "cpp_archives.XXXXXX";
};

}  // namespace

int main() {
    const scratch directory;
    archives(5);
    trees(5);
    small_files(200);
}
