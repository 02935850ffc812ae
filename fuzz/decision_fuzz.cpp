// Sealed decisions, changed by somebody who can compute digests: only the rules of the document can tell.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "core/base/random.hpp"
#include "services/decision_body.hpp"
#include "services/decision_verify.hpp"
#include "support/sha256.hpp"
#include "support/target.hpp"

namespace rebalancer::fuzz {
namespace {

using test::sha256;

// A forger renames the changed tables, and every price that was made from one with them.
void rename_blocks(CanonicalJson& json) {
  const CanonicalJson* blocks = json.find("blocks");
  if (blocks == nullptr || blocks->if_object() == nullptr) return;
  CanonicalJson* prices = nullptr;
  if (CanonicalJson::Object* members = json.if_object(); members->contains("body") && json.find("body")->if_object()) {
    CanonicalJson& body = json["body"];
    if (body.find("prices") != nullptr) prices = &body["prices"];
  }
  CanonicalJson::Object renamed;
  for (const auto& [digest, table] : *blocks->if_object()) {
    const std::string fresh = sha256(table.text());
    for (CanonicalJson& price :
         prices != nullptr && prices->if_array() ? *prices->if_array() : CanonicalJson::Array()) {
      const CanonicalJson* block = price.find("block");
      if (block != nullptr && *block == CanonicalJson(digest)) price["block"] = fresh;
    }
    renamed.emplace(fresh, table);
  }
  json["blocks"] = CanonicalJson(std::move(renamed));
}

// With a seal that fits, or as it is when nothing could be sealed.
std::string sealed(std::string_view text) {
  auto json = CanonicalJson::parse(text.substr(0, text.size() - std::min<std::size_t>(text.size(), 1)));
  if (!json || json->if_object() == nullptr) return std::string(text);
  rename_blocks(*json);
  const CanonicalJson* seal = json->find("seal");
  if (seal == nullptr || seal->if_object() == nullptr) return std::string(text);
  (*json)["seal"].if_object()->erase("sha256");
  (*json)["seal"]["sha256"] = sha256(json->text());
  return json->text() + "\n";
}

void check_document(const std::string& text) {
  const auto json = CanonicalJson::parse(std::string_view(text).substr(0, text.size() - 1));
  expect(json && json->text() + "\n" == text, "a verified decision is canonical");
  const auto document = read_document(*json);
  expect(document.has_value(), "a verified decision can be read");
  CanonicalJson body = to_json(document->body);
  body["end"] = to_json(document->end);
  expect(body == *json->find("body"), "what is read of a decision writes the same decision", body.text());
  expect(to_json(document->seal) == *json->find("seal"), "and the same seal");
  for (const auto& [digest, table] : document->blocks) {
    expect(to_json(table) == *json->find("blocks")->find(digest), "and the same prices", digest);
  }
}

void check_tampering(std::string text) {
  const std::size_t at = std::hash<std::string>()(text) % text.size();
  text[at] = static_cast<char>(text[at] ^ 1);
  expect(!verify_decision(text, sha256), "a decision with one bit changed is not the one that was sealed", text);
}

void check(std::string_view input) {
  const std::string text = sealed(input);
  const auto verified = verify_decision(text, sha256);
  if (!verified) {
    expect(verified.error().code == ErrorCode::rejected, "a decision is rejected", verified.error().message);
    return expect(!verified.error().message.empty(), "a rejection has a reason");
  }
  check_document(text);
  check_tampering(text);
  const NamedDecision file{verified->id + ".json", text};
  const bool first = verified->seal.sequence == 1;
  expect(verify_chain({&file, 1}, sha256).has_value() == first, "a chain starts with its first decision", text);
}

const Target target("decision", check);

// Any value below `json` that is no object and no empty array.
CanonicalJson& any_leaf(Random& random, CanonicalJson& json) {
  CanonicalJson* found = &json;
  for (;;) {
    if (CanonicalJson::Object* members = found->if_object(); members != nullptr && !members->empty()) {
      found = &std::next(members->begin(), static_cast<std::ptrdiff_t>(random.below(members->size())))->second;
    } else if (CanonicalJson::Array* items = found->if_array(); items != nullptr && !items->empty()) {
      const std::uint64_t at = random.below(items->size());
      if (random.below(40) == 0) items->push_back(CanonicalJson((*items)[at]));  // one too many
      found = &(*items)[at];
    } else {
      return *found;
    }
  }
}

void change(Random& random, CanonicalJson& leaf) {
  static constexpr std::string_view texts[] = {"0",   "1",   "-1",   "0.5",  "",       "nan",
                                               "buy", "raw", "stop", "held", "traded", "2026-06-29"};
  if (leaf.if_array() != nullptr) return;
  if (random.below(8) == 0) {
    leaf = CanonicalJson();
  } else if (const bool* flag = leaf.if_bool()) {
    leaf = !*flag;
  } else if (const std::int64_t* number = leaf.if_integer(); number != nullptr && std::abs(*number) < 1'000'000'000) {
    leaf = *number + static_cast<std::int64_t>(random.below(5)) - 2;
  } else if (const std::string* text = leaf.if_text(); text != nullptr && !text->empty() && random.below(3) != 0) {
    std::string edited = *text;
    edited[random.below(edited.size())] = static_cast<char>('0' + random.below(10));
    leaf = edited;
  } else {
    leaf = texts[random.below(std::size(texts))];
  }
}

// `text` as another decision, or nothing when it is none.
[[maybe_unused]] std::string changed(std::string_view text, std::uint64_t seed) {
  Random random(seed);
  if (text.empty() || random.below(4) == 0) return {};
  auto json = CanonicalJson::parse(text.substr(0, text.size() - 1));
  if (!json || json->if_object() == nullptr) return {};
  for (std::uint64_t times = 1 + random.below(3); times > 0; --times) change(random, any_leaf(random, *json));
  return json->text() + "\n";
}

}  // namespace
}  // namespace rebalancer::fuzz

#ifdef REBALANCER_LIBFUZZER
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t size_max);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t size_max,
                                               unsigned seed);

// A text with a changed byte is seldom a decision still, so most of the time a value is changed.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t size_max,
                                               unsigned seed) {
  const std::string text = rebalancer::fuzz::changed({reinterpret_cast<const char*>(data), size}, seed);
  if (text.empty() || text.size() > size_max) return LLVMFuzzerMutate(data, size, size_max);
  std::copy(text.begin(), text.end(), data);
  return text.size();
}
#endif
