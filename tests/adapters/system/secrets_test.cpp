#include "adapters/system/secrets.hpp"

#include <chrono>
#include <sstream>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "adapters/system/log_events.hpp"
#include "adapters/system/metrics.hpp"
#include "support/fake_clock.hpp"

using namespace rebalancer;
using namespace rebalancer::system;

namespace {

// The encoders of others, written here once more so that nothing is shared with what is tested.
std::string hex(unsigned value, const char* digits) { return {digits[(value >> 4U) & 15U], digits[value & 15U]}; }
constexpr const char* upper = "0123456789ABCDEF";
constexpr const char* lower = "0123456789abcdef";

std::string percent(std::string_view text, const char* digits, std::string_view kept, bool plus) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z' && (c & 0x80) == 0);
    if (plain || kept.find(c) != std::string_view::npos) {
      out += c;
    } else if (plus && c == ' ') {
      out += '+';
    } else {
      out += '%' + hex(static_cast<unsigned char>(c), digits);
    }
  }
  return out;
}

std::string base64(std::string_view text, std::string_view last_two, bool padded) {
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + std::string(last_two);
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    const std::string_view part = text.substr(i, 3);
    unsigned bits = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      bits = bits << 8U | (k < part.size() ? static_cast<unsigned char>(part[k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      if (k <= part.size()) {
        out += digits[(bits >> (18 - 6 * k)) & 63U];
      } else if (padded) {
        out += '=';
      }
    }
  }
  return out;
}

std::string unicode_escape(unsigned unit, const char* digits) {
  return "\\u" + hex(unit >> 8U, digits) + hex(unit & 255U, digits);
}

// Of well-formed UTF-8. `ascii` escapes all that is not.
std::string json(std::string_view text, bool ascii, bool slash, const char* digits) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (lead == '"' || lead == '\\' || (slash && lead == '/')) {
      out += {'\\', text[i]};
    } else if (lead == '\n') {
      out += "\\n";
    } else if (lead < 0x20) {
      out += unicode_escape(lead, digits);
    } else if (size == 1 || !ascii) {
      out += text.substr(i, size);
    } else {
      unsigned code = lead & (size == 2 ? 0x1FU : size == 3 ? 0x0FU : 0x07U);
      for (std::size_t k = 1; k < size; ++k) code = code << 6U | (static_cast<unsigned char>(text[i + k]) & 0x3FU);
      if (code < 0x10000) {
        out += unicode_escape(code, digits);
      } else {
        out += unicode_escape(0xD800 + ((code - 0x10000) >> 10U), digits);
        out += unicode_escape(0xDC00 + ((code - 0x10000) & 0x3FFU), digits);
      }
    }
    i += size;
  }
  return out;
}

std::vector<std::string> forms_of(const std::string& secret) {
  std::vector<std::string> forms{secret};
  for (const char* digits : {upper, lower}) {
    for (const char* kept : {"", "-._~", "-._~/:@!$&'()*,;="}) {
      forms.push_back(percent(secret, digits, kept, false));
      forms.push_back(percent(secret, digits, kept, true));
    }
    for (const bool ascii : {false, true}) {
      for (const bool slash : {false, true}) forms.push_back(json(secret, ascii, slash, digits));
    }
  }
  for (const char* last : {"+/", "-_"}) {
    for (const bool padded : {false, true}) forms.push_back(base64(secret, last, padded));
  }
  forms.push_back(percent(base64(secret, "+/", true), upper, "", false));
  return forms;
}

const std::vector<std::string> canaries{
    "PKCANARY7Q2M5XW9TB4Z",
    "tok_live_c4n4ry.eyJhbGciOi-JIUzI1NiJ9_x",
    "p@ss:w/rd?canary#50%",
    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiGCanary0w0BAQEFAASC\nBKcwggSjAgEAAoIBAQDCanary1f8Fq\n"
    "-----END PRIVATE KEY-----\n",
    "can\"ary \\ gr\xc3\xbc\xc3\x9f/\xe2\x82\xac \xf0\x9f\x92\xb0\t+x",
};

// Without the blanks around it: they tell nothing.
std::string trimmed(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

struct Scene {
  Secrets secrets;
  test::FakeClock clock;
  std::ostringstream json_lines, text_lines;
  std::unique_ptr<LogEvents> as_json, as_text;
  Metrics metrics{secrets};

  Scene() {
    for (const std::string& canary : canaries) secrets.add(canary);
    LogSettings settings{.level_min = EventLevel::debug};
    as_json = LogEvents::to_stream(json_lines, settings, clock, secrets);
    settings.format = LogSettings::Format::text;
    settings.shows_progress = true;
    as_text = LogEvents::to_stream(text_lines, settings, clock, secrets);
  }

  void say_everywhere(const std::string& form) {
    for (LogEvents* log : {as_json.get(), as_text.get()}) {
      log->emit(EventLevel::error, "request_failed", "GET https://u:" + form + "@host/?k=" + form + "&a=b", {});
      log->emit(EventLevel::info, form, form + form, {{"url", form}, {form, "v"}, {"key", "Basic " + form}});
      const std::string before_cut(LogEvents::message_size_max - form.size() / 2, 'x');
      log->emit(EventLevel::warning, "cut", before_cut + form, {{"field", before_cut.substr(2048) + form}});
      log->set_run_id(form);
      log->emit(EventLevel::debug, "run", "with its id", {});
      clock.advance(std::chrono::seconds(1));
      log->progress(form, 1, 2);
      log->set_run_id({});
    }
    metrics.build_info(form, form, form);
    metrics.mode(form);
    metrics.http_exchange(form, form, form, 200, std::chrono::milliseconds(1));
    metrics.provider_call(form, form, std::chrono::milliseconds(1));
    metrics.broker_call(form, form, form, std::chrono::milliseconds(1));
    metrics.stage_finished(form, form, 1);
    RunFigures run{form, form};
    run.portfolio = PortfolioFigures{form};
    run.portfolio->value = Money(Decimal::whole(1), Currency::usd());
    metrics.run_finished(run);
    metrics.job_succeeded(form, Instant());
    metrics.ready(form, true);
    metrics.queue(form, 1, 1);
    metrics.turn_ended(form);
  }
};

}  // namespace

TEST_CASE("canaries: no secret, however it is written, reaches a log line or the metrics") {
  Scene scene;
  std::vector<std::string> all;
  for (const std::string& canary : canaries) {
    for (const std::string& form : forms_of(canary)) {
      scene.say_everywhere(form);
      all.push_back(trimmed(form));
    }
    for (const std::string& form : forms_of(trimmed(canary))) all.push_back(form);
  }
  // Once more escaped by the log itself.
  const std::size_t plain = all.size();
  for (std::size_t i = 0; i < plain; ++i) all.push_back(json(all[i], false, false, lower));
  const std::string told = scene.json_lines.str() + scene.text_lines.str() + scene.metrics.text();
  REQUIRE(told.size() > 100'000);
  for (const std::string& form : all) CHECK_MESSAGE(told.find(form) == std::string::npos, form);
  // Nor a telling piece of one.
  for (const char* piece :
       {"CANARY7Q2M5XW", "c4n4ry", "w/rd?can", "Canary0w0BAQ", "Canary1f8Fq", "can\\\"ary", "can\"ary"}) {
    CHECK_MESSAGE(told.find(piece) == std::string::npos, piece);
  }
}

TEST_CASE("a secret inside something that was encoded as a whole is found wherever it begins") {
  Secrets secrets;
  const std::string secret = "s3cr3t-0f-s0me-length";
  secrets.add(secret);
  for (const char* user : {"", "a", "ab", "abc", "user:", "key id:"}) {
    for (const char* after : {"", "!", "!!", " and more"}) {
      for (const char* last : {"+/", "-_"}) {
        const std::string clean = secrets.redacted("Basic " + base64(user + secret + after, last, true));
        CHECK(clean.find("***") != std::string::npos);
        CHECK(clean.find(base64(secret.substr(0, 6), last, false)) == std::string::npos);
        // All that is left around it is what was around it, and a character on each side that holds bits of both.
        CHECK(clean.size() <= std::string("Basic ***").size() + base64(user, last, false).size() +
                                  base64(after, last, false).size() + 4);
      }
    }
  }
}

TEST_CASE("a line of a private key is a secret, the line that says what it is is not") {
  Secrets secrets;
  secrets.add(canaries[3]);
  CHECK(secrets.redacted("bad base64: MIIEvQIBADANBgkqhkiGCanary0w0BAQEFAASC") == "bad base64: ***");
  CHECK(secrets.redacted("expected -----BEGIN PRIVATE KEY-----") == "expected -----BEGIN PRIVATE KEY-----");
  std::string windows = canaries[3];
  for (std::size_t at = 0; (at = windows.find('\n', at)) != std::string::npos; at += 2) windows.replace(at, 1, "\r\n");
  CHECK(secrets.redacted(windows).find("Canary") == std::string::npos);
}

TEST_CASE("what is no secret is left as it is") {
  Secrets secrets;
  secrets.add("");
  CHECK(secrets.redacted("100% \\ + %41") == "100% \\ + %41");
  secrets.add("s3cr3t");
  secrets.add(" padded \n");
  CHECK(secrets.redacted("100% \\u00 \\ + %4 s3cr3 %") == "100% \\u00 \\ + %4 s3cr3 %");
  CHECK(secrets.redacted("s3cr3ts3cr3t s3cr3") == "****** s3cr3");
  CHECK(secrets.redacted("(padded)") == "(***)");
}

TEST_CASE("any secret in any text is replaced, and nothing else of it is lost") {
  CHECK(rc::check([](const std::string& before, const std::string& after) {
    // Texts in which it cannot begin, nor an encoded form of it: its base64 begins with A.
    const std::string secret = "\x01\x02\x03 k3y \x04";
    const auto free_of_it = [](std::string text) {
      std::erase_if(text, [](char c) { return c == '\x01' || c == '%' || c == '\\' || c == 'A'; });
      return text;
    };
    Secrets secrets;
    secrets.add(secret);
    const std::string head = free_of_it(before);
    const std::string tail = free_of_it(after);
    RC_ASSERT(secrets.redacted(head + secret + tail) == head + "***" + tail);
  }));
}

TEST_CASE("a long text costs only what is kept of it") {
  Secrets secrets;
  secrets.add("s3cr3t");
  const std::string text = "s3cr3t" + std::string(1'000'000, 's');
  std::string_view left = text;
  CHECK(secrets.take_redacted(left, 10) == "***ssssssss");
  CHECK(left.size() == 1'000'000 - 8);
  // The end of what is kept never cuts a secret.
  std::string_view at_end = "0123456789s3cr3t";
  CHECK(secrets.take_redacted(at_end, 9) == "0123456789");
  CHECK(secrets.take_redacted(at_end, 9) == "***");
  CHECK(at_end.empty());
}
