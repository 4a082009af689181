// The entry point of every test program. A filter that matches no test is an error.
//
// With --reporters=tap,console, standard output uses the Test Anything Protocol (version 12, one
// line per test case) for `meson test`, and doctest's own output goes to standard error.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "tests/support.hpp"

namespace {

int cases_run = 0;
bool tap_wanted = false;
bool all_cases_done = false;

// Counts the cases that ran and, if requested, prints each as a line of TAP.
struct CaseListener : doctest::IReporter {
    explicit CaseListener(const doctest::ContextOptions&) {}

    void test_case_start(const doctest::TestCaseData& data) override {
        ++cases_run;
        name_ = data.m_name;
        // "#" starts a directive in TAP.
        std::replace(name_.begin(), name_.end(), '#', ' ');
        lastgood::test::take_skip_reason();
    }

    void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
        const std::string reason = lastgood::test::take_skip_reason();
        if (!tap_wanted) return;
        const bool passed = stats.failure_flags == 0;
        std::printf("%s %d - %s%s%s\n", passed ? "ok" : "not ok", cases_run, name_.c_str(),
                    passed && !reason.empty() ? " # SKIP " : "", passed ? reason.c_str() : "");
        std::fflush(stdout);
    }

    void report_query(const doctest::QueryData&) override {}
    void test_run_start() override {}
    void test_run_end(const doctest::TestRunStats&) override {}
    void test_case_reenter(const doctest::TestCaseData&) override {}
    void test_case_exception(const doctest::TestCaseException&) override {}
    void subcase_start(const doctest::SubcaseSignature&) override {}
    void subcase_end() override {}
    void log_assert(const doctest::AssertData&) override {}
    void log_message(const doctest::MessageData&) override {}
    void test_case_skipped(const doctest::TestCaseData&) override {}

  private:
    std::string name_;
};
DOCTEST_REGISTER_LISTENER("cases", 1, CaseListener);

// The listener prints; this class only makes "tap" a valid reporter.
struct TapReporter : CaseListener {
    using CaseListener::CaseListener;
    void test_case_start(const doctest::TestCaseData&) override {}
    void test_case_end(const doctest::CurrentTestCaseStats&) override {}
};
DOCTEST_REGISTER_REPORTER("tap", 0, TapReporter);

bool has_argument(int argc, char** argv, std::string_view part) {
    return std::any_of(argv, argv + argc, [part](const char* argument) {
        return std::string_view(argument).find(part) != std::string_view::npos;
    });
}

// If the code under test calls exit(), the run must not count as complete.
void complain_about_early_exit() {
    if (all_cases_done) return;
    std::printf("Bail out! exit() was called in the middle of a test case\n");
    std::fflush(stdout);
    std::_Exit(1);
}

}  // namespace

int main(int argc, char** argv) {
    tap_wanted = has_argument(argc, argv, "-reporters=tap");
    doctest::Context context(argc, argv);
    if (tap_wanted) context.setCout(&std::cerr);
    std::atexit(complain_about_early_exit);
    const int status = context.run();
    all_cases_done = true;
    if (context.shouldExit()) return status;
    if (tap_wanted) std::printf("1..%d\n", cases_run);
    if (cases_run == 0) {
        // meson test passes the same filter to every program.
        if (tap_wanted && has_argument(argc, argv, "-test-case=")) return 0;
        std::fputs("no test case ran\n", stderr);
        return 1;
    }
    return status;
}
