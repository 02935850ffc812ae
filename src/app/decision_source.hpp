// Finds the decision that a person names: a file, or the beginning of a run's id.
#pragma once
#include <memory>
#include <string>

#include "app/application.hpp"

namespace rebalancer::app {

struct NamedText {
  std::string name;  // the file's name, or the id
  std::string text;
};

// A path to a file is read without any configuration; anything else is an id in the configured decisions. Errors: with
// exit code 4 when there is none, 9 when it is no decision's size.
[[nodiscard]] Application::Built<NamedText> read_decision(Context& context, const std::string& named);

// Every decision of a folder, one at a time through `take`, sorted by name. Errors: as above.
[[nodiscard]] Application::Built<std::vector<NamedText>> read_decisions(const std::filesystem::path& folder);

// A decision's text explained, with the constraints that the strategy's own report names. Errors: those of explain.
[[nodiscard]] Result<std::string> explanation_json(std::string_view text, std::optional<int> order);
[[nodiscard]] Result<std::string> explanation_text(std::string_view text, std::optional<int> order, int width);

}  // namespace rebalancer::app
