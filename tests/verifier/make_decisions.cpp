// make_decisions FOLDER COUNT: a chain of sealed decisions in FOLDER/chain, and in FOLDER/each COUNT that somebody
// changed and sealed again, with what our own verifier says of each in FOLDER/expected.txt: "ok", "bad", or "any" where
// it checks something that the public description leaves to us.
#include <filesystem>
#include <fstream>
#include <iostream>

#include "services/decision_verify.hpp"
#include "support/decision_scene.hpp"

using namespace rebalancer;
using namespace rebalancer::test;

namespace {

// Any value below `json` that is no object and no empty array.
CanonicalJson& any_leaf(Random& random, CanonicalJson& json) {
  CanonicalJson* found = &json;
  for (;;) {
    if (CanonicalJson::Object* members = found->if_object(); members != nullptr && !members->empty()) {
      found = &std::next(members->begin(), static_cast<std::ptrdiff_t>(random.below(members->size())))->second;
    } else if (CanonicalJson::Array* items = found->if_array(); items != nullptr && !items->empty()) {
      found = &(*items)[random.below(items->size())];
    } else {
      return *found;
    }
  }
}

void change(Random& random, CanonicalJson& leaf) {
  static const char* const texts[] = {"0", "1", "-1", "0.5", "", "nan", "buy", "sell", "stop", "held", "2026-06-29"};
  if (random.below(8) == 0) {
    leaf = CanonicalJson();
  } else if (const bool* flag = leaf.if_bool()) {
    leaf = !*flag;
  } else if (const std::int64_t* number = leaf.if_integer()) {
    leaf = *number + static_cast<std::int64_t>(random.below(3)) - 1;
  } else if (const std::string* text = leaf.if_text(); text != nullptr && !text->empty() && random.below(3) != 0) {
    std::string edited = *text;
    edited[random.below(edited.size())] = static_cast<char>('0' + random.below(10));
    leaf = edited;
  } else {
    leaf = texts[random.below(std::size(texts))];
  }
}

// Also members that are too many or too few.
void change_document(Random& random, CanonicalJson& json) {
  CanonicalJson& body = json["body"];
  const std::uint64_t kind = random.below(20);
  if (kind == 0) {
    auto* members = body.if_object();
    members->erase(std::next(members->begin(), static_cast<std::ptrdiff_t>(random.below(members->size()))));
  } else if (kind == 1) {
    body["end"]["surprise"] = "x";
  } else if (kind < 5) {
    change(random, any_leaf(random, random.below(2) == 0 ? json["seal"] : json["blocks"]));
  } else if (kind < 15 && !body["plan"].is_null()) {
    static const char* const sections[] = {"plan", "book", "broker", "end", "prices", "settings"};
    change(random, any_leaf(random, body[sections[random.below(std::size(sections))]]));
  } else {
    change(random, any_leaf(random, body));
  }
}

std::string verdict(const std::string& text) {
  const auto verified = verify_decision(text, sha256);
  if (verified) return "ok";
  const std::string& why = verified.error().message;
  const bool is_ours =
      why.find("by the calendar it is") != std::string::npos || why.starts_with("proof: body.proof.rules");
  return is_ours ? "any" : "bad";
}

void write(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

}  // namespace

int main(int count, char** words) {
  if (count != 3) return 2;
  const std::filesystem::path folder(words[1]);
  std::filesystem::create_directories(folder / "chain");
  std::filesystem::create_directories(folder / "each");
  std::string previous(64, '0');
  std::vector<std::string> texts;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const DecisionScene scene(seed);
    const SealedDecision sealed = scene.seal(static_cast<std::int64_t>(seed), previous);
    write(folder / "chain" / (scene.report.id + ".json"), sealed.text);
    previous = sealed.sha256;
    texts.push_back(sealed.text);
  }
  write(folder / "head.txt", previous);
  Random random(20261125);
  std::string expected;
  for (int i = 0; i < std::stoi(words[2]); ++i) {
    const std::string changed =
        resealed(texts[random.below(texts.size())], [&random](CanonicalJson& json) { change_document(random, json); });
    const std::string name = fmt::format("{:05}.json", i);
    write(folder / "each" / name, changed);
    expected += name + " " + verdict(changed) + "\n";
  }
  write(folder / "expected.txt", expected);
  return 0;
}
