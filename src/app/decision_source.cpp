#include "app/decision_source.hpp"

#include <algorithm>
#include <fstream>

#include <boost/json/value.hpp>

#include "adapters/plugin_host/json_text.hpp"
#include "services/explain.hpp"

namespace rebalancer::app {
namespace {

template <class T>
using Built = Application::Built<T>;

Built<NamedText> read_file(const std::filesystem::path& file) {
  std::error_code why;
  const auto size = std::filesystem::file_size(file, why);
  if (why)
    return failed(Area::decision,
                  {ErrorCode::not_found, fmt::format("{} cannot be read ({})", file.string(), why.message())});
  if (size > system::DecisionFiles::text_size_max) {
    return failed(Area::decision,
                  {ErrorCode::rejected, fmt::format("{} has {} bytes, a decision has at most {}", file.string(), size,
                                                    system::DecisionFiles::text_size_max)});
  }
  std::ifstream stream(file, std::ios::binary);
  NamedText read{file.filename().string(), std::string(size, '\0')};
  if (!stream.read(read.text.data(), static_cast<std::streamsize>(size))) {
    return failed(Area::decision, {ErrorCode::not_found, fmt::format("{} cannot be read to its end", file.string())});
  }
  return read;
}

// The strategy's own report names the constraints that held the weights back, and their prices.
std::vector<BindingConstraint> binding_in(const CanonicalJson& document) {
  const CanonicalJson* at = document.find("body");
  for (const char* key : {"target", "report"}) at = at == nullptr ? nullptr : at->find(key);
  const std::string* text = at == nullptr ? nullptr : at->if_text();
  std::vector<BindingConstraint> found;
  if (text == nullptr) return found;
  const auto report = parse_json(*text);
  const boost::json::value* list = report && report->is_object() ? report->as_object().if_contains("binding") : nullptr;
  if (list == nullptr || !list->is_array()) return found;
  for (const auto& entry : list->as_array()) {
    const auto* object = entry.if_object();
    const auto* name = object == nullptr ? nullptr : object->if_contains("constraint");
    const auto* price = object == nullptr ? nullptr : object->if_contains("price");
    if (name == nullptr || !name->is_string() || price == nullptr || !price->is_number()) continue;
    found.push_back({std::string(name->as_string()), price->to_number<double>()});
  }
  return found;
}

Result<CanonicalJson> document_of(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  auto document = CanonicalJson::parse(text);
  if (!document) return fail(ErrorCode::rejected, "{}", document.error().message);
  return document;
}

}  // namespace

Result<std::string> explanation_json(std::string_view text, std::optional<int> order) {
  const auto document = document_of(text);
  if (!document) return fail(document.error());
  return explain_json(*document, order, binding_in(*document));
}

Result<std::string> explanation_text(std::string_view text, std::optional<int> order, int width) {
  const auto document = document_of(text);
  if (!document) return fail(document.error());
  return explain_text(*document, order, width, binding_in(*document));
}

Built<NamedText> read_decision(Context& context, const std::string& named) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(named, ignored)) return read_file(named);
  auto application = Application::build(context);
  if (!application) return tl::unexpected(application.error());
  auto text = (*application)->decisions().read(named);
  if (!text && text.error().code == ErrorCode::invalid) {
    // A mistyped name is a thing that is missing, not one that was tampered with.
    return failed(Area::decision,
                  {ErrorCode::not_found, fmt::format("there is no file \"{}\"; {}", named, text.error().message)});
  }
  if (!text) return failed(Area::decision, text.error());
  return NamedText{named, *std::move(text)};
}

Built<std::vector<NamedText>> read_decisions(const std::filesystem::path& folder) {
  std::error_code why;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder, why)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  if (why)
    return failed(Area::decision,
                  {ErrorCode::not_found, fmt::format("{} cannot be read ({})", folder.string(), why.message())});
  std::sort(files.begin(), files.end());
  std::vector<NamedText> read;
  for (const auto& file : files) {
    auto text = read_file(file);
    if (!text) return tl::unexpected(text.error());
    read.push_back(*std::move(text));
  }
  return read;
}

}  // namespace rebalancer::app
