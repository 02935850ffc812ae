#include "app/config_node.hpp"

#include <map>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "app/terminal.hpp"

namespace rebalancer::app {
namespace {

constexpr std::size_t key_bytes_max = 256;

constexpr std::size_t bytes_max = std::size_t{1} << 20;
constexpr std::size_t nodes_max = 10'000;
constexpr std::size_t depth_max = 32;

struct BoundReached : std::runtime_error {
  BoundReached(const YAML::Mark& place, const std::string& what) : std::runtime_error(what), mark(place) {}
  YAML::Mark mark;
};

std::size_t size_of(const ConfigNode& node) {
  std::size_t count = 1;
  for (const ConfigNode& item : node.items) count += size_of(item);
  for (const ConfigMember& member : node.members) count += 1 + size_of(member.value());
  return count;
}

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const Origin& origin, std::vector<Problem>& problems) : origin_(origin), problems_(problems) {}

  ConfigNode take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(node(mark, ConfigNode::Kind::null), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end()) throw BoundReached(mark, "an alias inside the very thing it stands for");
    count(mark, size_of(found->second));
    add(ConfigNode(found->second), 0);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_tag(mark, tag);
    ConfigNode scalar = node(mark, ConfigNode::Kind::scalar);
    scalar.text = value;
    add(std::move(scalar), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open(mark, ConfigNode::Kind::sequence, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open(mark, ConfigNode::Kind::map, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    ConfigNode node;
    YAML::anchor_t anchor;
    bool has_key = false;
    bool key_is_good = false;
    std::string key;
    Origin key_origin;
  };

  Origin place(const YAML::Mark& mark) const {
    Origin origin = origin_;
    if (origin.kind == Origin::Kind::file) {
      origin.line = mark.line + 1;
      origin.column = mark.column + 1;
    }
    return origin;
  }

  void count(const YAML::Mark& mark, std::size_t more) {
    nodes_ += more;
    if (nodes_ > nodes_max) {
      throw BoundReached(mark, fmt::format("more than {} values, counting what aliases repeat", nodes_max));
    }
  }

  ConfigNode node(const YAML::Mark& mark, ConfigNode::Kind kind) {
    count(mark, 1);
    return {.kind = kind, .origin = place(mark)};
  }

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!" || tag == "tag:yaml.org,2002:str") return;
    problems_.push_back(problem_at(place(mark), fmt::format("the tag {} has no meaning here", shortened(tag, 40))));
  }

  void open(const YAML::Mark& mark, ConfigNode::Kind kind, YAML::anchor_t anchor) {
    if (open_.size() >= depth_max) throw BoundReached(mark, fmt::format("more than {} levels", depth_max));
    open_.push_back({.node = node(mark, kind), .anchor = anchor, .key = {}, .key_origin = {}});
  }

  void close() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    add(std::move(closed.node), closed.anchor);
  }

  // A finished node goes to the map or list around it, or is the root.
  void add(ConfigNode finished, YAML::anchor_t anchor) {
    if (anchor != 0) anchored_.insert_or_assign(anchor, finished);
    if (open_.empty()) {
      root_ = std::move(finished);
      return;
    }
    Open& around = open_.back();
    if (around.node.kind == ConfigNode::Kind::sequence) {
      around.node.items.push_back(std::move(finished));
    } else if (!around.has_key) {
      take_key(around, finished);
    } else {
      around.has_key = false;
      if (around.key_is_good) {
        around.node.members.push_back({std::move(around.key), std::move(around.key_origin), {std::move(finished)}});
      }
    }
  }

  void take_key(Open& around, const ConfigNode& key) {
    around.has_key = true;
    around.key_is_good = false;
    if (key.kind != ConfigNode::Kind::scalar) {
      problems_.push_back(problem_at(key.origin, fmt::format("a key is {}, must be a word", key.display())));
      return;
    }
    // YAML reads no longer one back, unless it is written in another way.
    if (key.text.size() > key_bytes_max) {
      problems_.push_back(problem_at(key.origin, fmt::format("the key {} has {} bytes, must have at most {}",
                                                             shortened(key.text, 40), key.text.size(), key_bytes_max)));
      return;
    }
    if (key.text == "<<") {
      problems_.push_back(problem_at(key.origin, "merge keys (<<) are not supported: write the keys out"));
      return;
    }
    for (const ConfigMember& member : around.node.members) {
      if (member.key != key.text) continue;
      problems_.push_back(problem_at(key.origin, fmt::format("the key {} is given twice, first at {}",
                                                             shortened(key.text, 40), member.origin.to_string())));
      return;
    }
    around.key_is_good = true;
    around.key = key.text;
    around.key_origin = key.origin;
  }

  const Origin& origin_;
  std::vector<Problem>& problems_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, ConfigNode> anchored_;
  ConfigNode root_;
  std::size_t nodes_ = 0;
};

std::string_view line_of(std::string_view text, int line) {
  for (; line > 0; --line) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

// What the person who wrote the line probably has to change.
std::string syntax_hint(std::string_view line) {
  const std::string_view margin = line.substr(0, line.find_first_not_of(" \t"));
  if (margin.find('\t') != std::string_view::npos) return "; the line starts with a tab, YAML wants blanks";
  if (line.find("${") != std::string_view::npos) return "; write \"${NAME}\" in quotes";
  return "";
}

}  // namespace

std::string Origin::to_string() const {
  switch (kind) {
    case Kind::none:
      return "default";
    case Kind::file:
      return line > 0 ? fmt::format("{}:{}:{}", name, line, column) : name;
    case Kind::environment:
      return "environment " + name;
    case Kind::setting:
      return "--set " + name;
  }
  return "default";
}

const ConfigNode* ConfigNode::find(std::string_view key) const {
  for (const ConfigMember& member : members) {
    if (member.key == key) return &member.value();
  }
  return nullptr;
}

ConfigNode* ConfigNode::find(std::string_view key) {
  for (ConfigMember& member : members) {
    if (member.key == key) return &member.value();
  }
  return nullptr;
}

std::string ConfigNode::display() const {
  switch (kind) {
    case Kind::null:
      return "nothing";
    case Kind::scalar:
      return secret ? "***" : fmt::format("\"{}\"", shortened(text, 40));
    case Kind::sequence:
      return "a list";
    case Kind::map:
      return "a map";
  }
  return "nothing";
}

NodeSearch search(const ConfigNode& root, std::string_view path) {
  NodeSearch result{.found = &root, .nearest = root.origin};
  while (!path.empty()) {
    const bool index = path.front() == '[';
    if (path.front() == '.') path.remove_prefix(1);
    // "BRK.B" may well be a key.
    const bool whole = !index && result.found->find(path) != nullptr;
    const std::size_t end = whole ? std::string_view::npos : index ? path.find(']') : path.find_first_of(".[");
    const std::string_view step =
        path.substr(index ? 1 : 0, end == std::string_view::npos ? end : end - (index ? 1 : 0));
    path.remove_prefix(end == std::string_view::npos ? path.size() : end + (index ? 1 : 0));
    const ConfigNode* next = nullptr;
    if (index) {
      std::size_t position = 0;
      for (const char c : step) position = position * 10 + static_cast<std::size_t>(c - '0');
      if (position < result.found->items.size()) next = &result.found->items[position];
      if (next != nullptr) result.nearest = next->origin;
    } else {
      for (const ConfigMember& member : result.found->members) {
        if (member.key != step) continue;
        next = &member.value();
        result.nearest = next->kind == ConfigNode::Kind::scalar ? next->origin : member.origin;
      }
    }
    if (next == nullptr) return {.found = nullptr, .nearest = result.nearest};
    result.found = next;
  }
  return result;
}

Problem problem_at(const Origin& origin, std::string message) {
  Problem problem{.message = std::move(message)};
  if (origin.kind == Origin::Kind::none) return problem;
  problem.place = origin.to_string();
  if (origin.kind == Origin::Kind::file && origin.line > 0) {
    problem.file = origin.name;
    problem.line = origin.line;
    problem.column = origin.column;
  }
  return problem;
}

ConfigNode read_yaml(std::string_view text, const Origin& origin, std::vector<Problem>& problems) {
  if (text.size() > bytes_max) {
    problems.push_back(problem_at(origin, fmt::format("has {} bytes, must be at most {}", text.size(), bytes_max)));
    return {};
  }
  const auto place = [&](const YAML::Mark& mark) {
    Origin at = origin;
    if (origin.kind == Origin::Kind::file) {
      at.line = mark.line + 1;
      at.column = mark.column + 1;
    }
    return at;
  };
  std::istringstream stream{std::string(text)};
  TreeBuilder builder(origin, problems);
  try {
    YAML::Parser parser(stream);
    if (parser.HandleNextDocument(builder)) {
      ConfigNode root = builder.take_root();
      TreeBuilder second(origin, problems);
      if (parser.HandleNextDocument(second)) {
        problems.push_back(problem_at(second.take_root().origin, "a second document starts here, there must be one"));
      }
      return root;
    }
  } catch (const YAML::Exception& exception) {
    problems.push_back(problem_at(place(exception.mark), fmt::format("not YAML: {}{}", exception.msg,
                                                                     syntax_hint(line_of(text, exception.mark.line)))));
  } catch (const BoundReached& bound) {
    problems.push_back(problem_at(place(bound.mark), bound.what()));
  }
  return {};
}

}  // namespace rebalancer::app
