#include "adapters/https/retry_policy.hpp"

#include <set>

#include <doctest/doctest.h>

using namespace rebalancer;
using std::chrono::milliseconds;

namespace {

const Instant now = Instant::from_seconds(1'792'567'680);  // 2026-10-21T07:28:00Z

RetryPolicy::Outcome answer(int status, std::string retry_after = "") {
  HttpResponse response;
  response.status = status;
  if (!retry_after.empty()) response.headers.emplace_back("retry-after", std::move(retry_after));
  return response;
}

RetryPolicy::Outcome failure(bool transient) {
  return tl::unexpected(TransportFailure{{ErrorCode::unavailable, "cannot reach x"}, transient});
}

bool repeats(const char* method, const RetryPolicy::Outcome& outcome, int attempt = 1) {
  RetryPolicy policy{RetrySettings{}};
  return policy.wait_before_next(method, attempt, outcome, now).has_value();
}

}  // namespace

TEST_CASE("only what is safe to repeat is repeated") {
  for (const char* method : {"GET", "HEAD"}) {
    CHECK(repeats(method, failure(true)));
    CHECK(repeats(method, answer(503)));
  }
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE"}) {
    CHECK_FALSE(repeats(method, failure(true)));
    CHECK_FALSE(repeats(method, answer(503)));
    CHECK_FALSE(repeats(method, answer(429, "1")));
  }
}

TEST_CASE("an answer is repeated for 429, 502, 503 and 504 and for no other status") {
  const std::set<int> repeated = {429, 502, 503, 504};
  for (int status = 100; status < 600; ++status) {
    CAPTURE(status);
    CHECK(repeats("GET", answer(status)) == repeated.contains(status));
  }
}

TEST_CASE("a failure that will not go better is not repeated") { CHECK_FALSE(repeats("GET", failure(false))); }

TEST_CASE("attempts end at the limit") {
  CHECK(repeats("GET", failure(true), 2));
  CHECK_FALSE(repeats("GET", failure(true), 3));
  RetryPolicy never{RetrySettings{.attempts_max = 1}};
  CHECK_FALSE(never.wait_before_next("GET", 1, failure(true), now).has_value());
}

TEST_CASE("waits double up to the limit, each between half and all of it, and differ") {
  RetryPolicy policy{RetrySettings{.attempts_max = 20}};
  std::set<std::int64_t> seen;
  int backoff = 500;
  for (int attempt = 1; attempt <= 10; ++attempt) {
    CAPTURE(attempt);
    const auto wait = policy.wait_before_next("GET", attempt, failure(true), now);
    REQUIRE(wait);
    CHECK(wait->count() >= backoff / 2);
    CHECK(wait->count() <= backoff);
    seen.insert(wait->count());
    backoff = std::min(backoff * 2, 8'000);
  }
  CHECK(seen.size() > 8);
}

TEST_CASE("the same seed waits the same") {
  RetryPolicy a{RetrySettings{.seed = 5}};
  RetryPolicy b{RetrySettings{.seed = 5}};
  RetryPolicy other{RetrySettings{.seed = 6}};
  const auto wait = a.wait_before_next("GET", 1, failure(true), now);
  CHECK(wait == b.wait_before_next("GET", 1, failure(true), now));
  CHECK(wait != other.wait_before_next("GET", 1, failure(true), now));
}

TEST_CASE("the wait a server asks for is kept, unless it is too long: then its answer is given back") {
  RetryPolicy policy{RetrySettings{}};
  CHECK(policy.wait_before_next("GET", 1, answer(429, "7"), now) == milliseconds(7'000));
  CHECK(policy.wait_before_next("GET", 1, answer(503, "30"), now) == milliseconds(30'000));
  CHECK_FALSE(policy.wait_before_next("GET", 1, answer(429, "31"), now).has_value());
  CHECK(policy.wait_before_next("GET", 1, answer(429, "Wed, 21 Oct 2026 07:28:09 GMT"), now) == milliseconds(9'000));
  CHECK_FALSE(policy.wait_before_next("GET", 1, answer(429, "Wed, 21 Oct 2026 07:29:00 GMT"), now).has_value());
  // Less than the backoff, passed already, or unreadable: the backoff it is.
  for (const char* value : {"0", "Wed, 21 Oct 2026 07:27:00 GMT", "soon"}) {
    const auto wait = policy.wait_before_next("GET", 1, answer(429, value), now);
    REQUIRE(wait);
    CHECK(wait->count() >= 250);
    CHECK(wait->count() <= 500);
  }
}

TEST_CASE("after 429 the moment at which a rate limit begins anew is waited for, by the server's own clock") {
  const auto limited = [](const std::string& reset, int status = 429, const std::string& date = "") {
    HttpResponse response;
    response.status = status;
    response.headers.emplace_back("X-RateLimit-Reset", reset);
    if (!date.empty()) response.headers.emplace_back("date", date);
    return RetryPolicy::Outcome(response);
  };
  const auto wait = [](const RetryPolicy::Outcome& outcome, const char* method = "GET") {
    RetryPolicy policy{RetrySettings{}};
    return policy.wait_before_next(method, 1, outcome, now);
  };
  const auto is_backoff = [](const std::optional<milliseconds>& waited) {
    return waited && waited->count() >= 250 && waited->count() <= 500;
  };
  CHECK(wait(limited("1792567687")) == milliseconds(7'000));
  CHECK(wait(limited("1792567710")) == milliseconds(30'000));
  CHECK_FALSE(wait(limited("1792567711")).has_value());
  CHECK_FALSE(wait(limited("1792567687"), "POST").has_value());
  // The server is an hour behind, and says so.
  CHECK(wait(limited("1792564087", 429, "Wed, 21 Oct 2026 06:28:00 GMT")) == milliseconds(7'000));
  CHECK_FALSE(wait(limited("1792567670", 429, "Wed, 21 Oct 2026 06:28:00 GMT")).has_value());
  // A date that cannot be read says nothing of its clock.
  CHECK(wait(limited("1792567687", 429, "today")) == milliseconds(7'000));
  // Every answer has the header; only 429 says that the limit is reached.
  CHECK(is_backoff(wait(limited("1792567687", 503))));
  // Passed already, no number, or by another clock than ours: the backoff it is.
  for (const char* reset : {"1792567680", "1792567000", "0", "", "-5", "soon", "99999999999999999999", "1792571281"}) {
    CAPTURE(reset);
    CHECK(is_backoff(wait(limited(reset))));
  }
  // The longer of two waits.
  RetryPolicy::Outcome both = limited("1792567687");
  both->headers.emplace_back("Retry-After", "9");
  CHECK(wait(both) == milliseconds(9'000));
  both->headers.back().second = "2";
  CHECK(wait(both) == milliseconds(7'000));
}

TEST_CASE("Retry-After is read in seconds and as a date, and nothing else is taken for either") {
  CHECK(retry_after("120", now) == milliseconds(120'000));
  CHECK(retry_after("  5 ", now) == milliseconds(5'000));
  CHECK(retry_after("99999999999999999999", now) > milliseconds(1'000'000'000));
  CHECK(retry_after("Sun, 06 Nov 1994 08:49:37 GMT", Instant::from_seconds(784'111'770)) == milliseconds(7'000));
  CHECK(retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now) == milliseconds(0));
  for (const char* wrong :
       {"", " ", "-1", "1.5", "+3", "5s", "Sun, 06 Nov 1994 08:49:37", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994"}) {
    CAPTURE(wrong);
    CHECK_FALSE(retry_after(wrong, now).has_value());
  }
}
