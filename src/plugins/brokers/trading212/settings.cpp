#include "settings.hpp"

#include <algorithm>
#include <cctype>

#include <boost/json/parse.hpp>

namespace trading212 {

namespace sdk = rebalancer::sdk;
using sdk::Failure;

namespace {

// In small letters; empty when there is none, or when a user's name in front of it hides which one it is.
std::string host_of(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return "";
  std::string host = url.substr(scheme + 3);
  host.resize(std::min(host.find_first_of("/?#\\"), host.size()));
  if (host.find('@') != std::string::npos) return "";
  if (!host.starts_with('[')) {
    host.resize(std::min(host.find(':'), host.size()));
  } else {
    host.resize(std::min(host.find(']') + 1, host.size()));
  }
  std::transform(host.begin(), host.end(), host.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return host;
}

// 127.0.0.0/8 written as four numbers: "127.0.0.1.example.com" is a name like any other.
bool is_loopback(const std::string& host) {
  if (host == "localhost" || host == "[::1]") return true;
  const bool numbers = host.find_first_not_of("0123456789.") == std::string::npos;
  return numbers && host.starts_with("127.") && std::count(host.begin(), host.end(), '.') == 3;
}

}  // namespace

ClientSettings settings_from(const sdk::Host& host) {
  ClientSettings settings;
  settings.api_key = host.text("api_key");
  settings.api_secret = host.setting("api_secret").value_or("");
  for (const std::string* key : {&settings.api_key, &settings.api_secret}) {
    if (key->find_first_of(" \t\r\n") != std::string::npos) {
      throw Failure(RB_INVALID, "api_key and api_secret must be one word each, without blanks around them");
    }
  }
  settings.url = host.text("url");
  const std::string demo = "https://demo.trading212.com", live = "https://live.trading212.com";
  if (settings.url.empty()) settings.url = host.flag("demo") ? demo : live;
  while (settings.url.ends_with('/')) settings.url.pop_back();
  if (settings.url.ends_with("/api/v0")) settings.url.resize(settings.url.size() - 7);
  // Real money must not look like a demo, nor a demo like real money, and the keys go nowhere else.
  const std::string asked = host_of(settings.url);
  const std::string own = (host.flag("demo") ? demo : live).substr(std::string_view("https://").size());
  if (asked != own && !is_loopback(asked)) {
    throw Failure(RB_INVALID, fmt::format("url is {}, its host must be {} or this machine because demo is {}",
                                          settings.url, own, host.flag("demo")));
  }
  settings.timeout_ms = static_cast<std::int64_t>(host.number("timeout"));
  return settings;
}

std::map<std::string, std::string> chosen_from(std::string_view config_json) {
  std::map<std::string, std::string> chosen;
  boost::system::error_code error;
  const auto config = boost::json::parse(boost::json::string_view(config_json.data(), config_json.size()), error);
  if (error || !config.is_object()) throw Failure(RB_INVALID, "the configuration is no JSON object");
  const auto* map = config.get_object().if_contains("instruments");
  if (map == nullptr || !map->is_object()) return chosen;
  for (const auto& member : map->get_object()) {
    if (!member.value().is_string()) throw Failure(RB_INVALID, "instruments: must map symbols to texts");
    chosen[std::string(member.key())] = std::string(member.value().get_string());
  }
  return chosen;
}

}  // namespace trading212
