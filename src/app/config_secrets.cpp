#include "app/config_secrets.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>

#include <fmt/format.h>

#include "app/units.hpp"

namespace rebalancer::app {
namespace {

constexpr std::string_view file_prefix = "file:";
constexpr std::streamsize secret_bytes_max = 64 * 1024;

bool names_a_secret(std::string_view key) {
  constexpr std::array<std::string_view, 7> words{"key",        "secret",     "token",      "password",
                                                  "passphrase", "credential", "credentials"};
  for (const std::string& word : split(lower_case(key), '_')) {
    if (std::find(words.begin(), words.end(), word) != words.end()) return true;
  }
  return false;
}

// "postgresql://user:password@host/name"
bool carries_a_password(std::string_view text) {
  const std::size_t start = text.find("://");
  if (start == std::string_view::npos) return false;
  const std::string_view authority = text.substr(start + 3, text.find_first_of("/?#", start + 3) - (start + 3));
  const std::size_t at = authority.rfind('@');
  return at != std::string_view::npos && authority.substr(0, at).find(':') != std::string_view::npos;
}

bool is_variable_name(std::string_view name) {
  return !name.empty() && !(name.front() >= '0' && name.front() <= '9') &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
         });
}

class Fetcher {
 public:
  Fetcher(const Environment& environment, const std::filesystem::path& directory, std::vector<Problem>& problems)
      : environment_(environment), directory_(directory), problems_(problems) {}

  void walk(ConfigNode& node, const std::string& path, bool secret_name) {
    if (node.kind == ConfigNode::Kind::scalar) fetch(node, path);
    // "none" is how a key says that it has no value: as a secret it would be struck out wherever the word stands.
    const bool named = secret_name && node.text != "none";
    if (node.kind == ConfigNode::Kind::scalar && (named || carries_a_password(node.text))) node.secret = true;
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      walk(node.items[i], fmt::format("{}[{}]", path, i), secret_name);
    }
    for (ConfigMember& member : node.members) {
      walk(member.value(), path.empty() ? member.key : path + "." + member.key, names_a_secret(member.key));
    }
  }

 private:
  void fetch(ConfigNode& node, const std::string& path) {
    const bool literal = node.origin.kind == Origin::Kind::environment;
    if (!literal && node.text.find("${") != std::string::npos) expand(node, path);
    if (node.text.starts_with(file_prefix)) read(node, path);
  }

  void expand(ConfigNode& node, const std::string& path) {
    std::string result;
    std::string_view rest = node.text;
    while (true) {
      const std::size_t start = rest.find("${");
      result += rest.substr(0, start);
      if (start == std::string_view::npos) break;
      const std::size_t end = rest.find('}', start);
      const std::string_view name = end == std::string_view::npos ? "" : rest.substr(start + 2, end - start - 2);
      if (!is_variable_name(name)) {
        complain(node, path, "has a ${ that is not ${NAME}");
        return;
      }
      const auto value = environment_.get(name);
      if (!value || value->empty()) {
        complain(node, path,
                 fmt::format("wants the environment variable {}, which is {}", name, value ? "empty" : "not set"));
        return;
      }
      result += *value;
      rest.remove_prefix(end + 1);
    }
    node.text = std::move(result);
    node.secret = true;
  }

  void read(ConfigNode& node, const std::string& path) {
    const std::filesystem::path file = directory_ / trimmed(std::string_view(node.text).substr(file_prefix.size()));
    std::error_code failed;
    std::ifstream stream(file, std::ios::binary);
    std::string text;
    if (std::filesystem::is_regular_file(file, failed) && stream) {
      text.resize(static_cast<std::size_t>(secret_bytes_max) + 1);
      stream.read(text.data(), secret_bytes_max + 1);
      text.resize(static_cast<std::size_t>(stream.gcount()));
    } else {
      complain(node, path, fmt::format("wants the file {}, which cannot be read", file.string()));
      return;
    }
    if (text.size() > static_cast<std::size_t>(secret_bytes_max)) {
      complain(node, path,
               fmt::format("wants the file {}, which has more than {} bytes", file.string(), secret_bytes_max));
      return;
    }
    text = std::string(trimmed(text));
    if (text.empty()) {
      complain(node, path, fmt::format("wants the file {}, which is empty", file.string()));
      return;
    }
    node.text = std::move(text);
    node.secret = true;
  }

  void complain(const ConfigNode& node, const std::string& path, const std::string& what) {
    problems_.push_back(problem_at(node.origin, path + " " + what));
  }

  const Environment& environment_;
  const std::filesystem::path& directory_;
  std::vector<Problem>& problems_;
};

void collect(const ConfigNode& node, std::vector<std::string>& secrets) {
  if (node.secret && !node.text.empty()) secrets.push_back(node.text);
  for (const ConfigNode& item : node.items) collect(item, secrets);
  for (const ConfigMember& member : node.members) collect(member.value(), secrets);
}

}  // namespace

void fetch_secrets(ConfigNode& root, const Environment& environment, const std::filesystem::path& directory,
                   std::vector<Problem>& problems) {
  Fetcher(environment, directory, problems).walk(root, "", false);
}

std::vector<std::string> secrets_of(const ConfigNode& root) {
  std::vector<std::string> secrets;
  collect(root, secrets);
  std::sort(secrets.begin(), secrets.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  });
  secrets.erase(std::unique(secrets.begin(), secrets.end()), secrets.end());
  return secrets;
}

std::string redacted(std::string_view text, const std::vector<std::string>& secrets) {
  std::string result(text);
  for (const std::string& secret : secrets) {
    for (std::size_t at = result.find(secret); at != std::string::npos; at = result.find(secret, at + 3)) {
      result.replace(at, secret.size(), "***");
    }
  }
  return result;
}

}  // namespace rebalancer::app
