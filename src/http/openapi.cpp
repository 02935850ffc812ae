#include "http/openapi.hpp"

#include <algorithm>
#include <cassert>
#include <cctype>
#include <map>
#include <set>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "core/base/json_text.hpp"

namespace rebalancer::http {
namespace {

constexpr std::string_view own_schemas = R"({
"Problem":{"type":"object","description":"RFC 9457","additionalProperties":false,"required":["type","title","status","code","detail"],"properties":{
  "type":{"type":"string"},"title":{"type":"string"},"status":{"type":"integer"},"code":{"type":"string","description":"stable, for programs"},
  "detail":{"type":"string","description":"the thing, the value, the rule"},"field":{"type":"string"},"line":{"type":"integer"}}},
"Job":{"type":"object","additionalProperties":false,
  "required":["id","kind","state","created_at","started_at","finished_at","doing","fraction","stop_requested","status","result"],"properties":{
  "id":{"type":"string"},"kind":{"type":"string"},"state":{"enum":["queued","running","done","failed","cancelled"]},
  "created_at":{"type":"string","format":"date-time"},"started_at":{"type":["string","null"],"format":"date-time"},
  "finished_at":{"type":["string","null"],"format":"date-time"},"doing":{"type":"string"},
  "fraction":{"type":"number","minimum":0,"maximum":1},"stop_requested":{"type":"boolean"},"status":{"type":["integer","null"],"description":"of the answer"},
  "result":{"description":"the answer, once there is one"}}},
"Jobs":{"type":"object","additionalProperties":false,"required":["jobs"],"properties":{
  "jobs":{"type":"array","items":{"$ref":"#/components/schemas/Job"}}}}
})";

constexpr std::string_view problem_type = "application/problem+json";
constexpr std::string_view problem_schema = R"({"$ref":"#/components/schemas/Problem"})";
constexpr std::string_view reference = "#/components/schemas/";

// Names referred to in a text of JSON.
void collect(std::string_view text, std::set<std::string>& names) {
  for (std::size_t at = text.find(reference); at != std::string_view::npos; at = text.find(reference, at + 1)) {
    const std::size_t from = at + reference.size();
    names.emplace(text.substr(from, text.find('"', from) - from));
  }
}

std::vector<std::string> path_parameters(std::string_view path) {
  std::vector<std::string> names;
  for (std::size_t at = path.find('{'); at != std::string_view::npos; at = path.find('{', at + 1)) {
    names.emplace_back(path.substr(at + 1, path.find('}', at) - at - 1));
  }
  return names;
}

void write_parameter(JsonText& json, std::string_view name, std::string_view in, std::string_view description,
                     bool required, std::string_view schema) {
  json.object().member("name", std::string(name)).member("in", std::string(in));
  json.member("description", std::string(description)).member("required", required).key("schema").raw(schema).end();
}

void write_parameters(JsonText& json, const Route& route) {
  json.key("parameters").array();
  for (const std::string& name : path_parameters(route.path)) {
    const auto row = std::find_if(route.parameters.begin(), route.parameters.end(), [&](const Parameter& parameter) {
      return parameter.in == Parameter::In::path && parameter.name == name;
    });
    const bool described = row != route.parameters.end();
    write_parameter(json, name, "path", described ? row->description : name, true,
                    described ? row->schema : R"({"type":"string","minLength":1})");
  }
  for (const Parameter& parameter : route.parameters) {
    if (parameter.in == Parameter::In::path) continue;
    write_parameter(json, parameter.name, "query", parameter.description, parameter.required, parameter.schema);
  }
  if (route.method == "GET") {
    write_parameter(json, "If-None-Match", "header", "the ETag of an answer at hand: 304 while it is the same", false,
                    R"({"type":"string"})");
  }
  if (route.takes_idempotency_key) {
    write_parameter(json, "Idempotency-Key", "header", "repeated with it, the request is answered and not done again",
                    false, R"({"type":"string","minLength":1,"maxLength":200,"pattern":"^[!-~]+$"})");
  }
  if (route.runs == Route::Runs::as_job) {
    write_parameter(json, "Prefer", "header", "wait=N: up to N seconds for the result; respond-async: a job at once",
                    false, R"({"type":"string"})");
  }
  json.end();
}

using HeaderRows = std::vector<std::pair<std::string_view, std::string_view>>;

void write_headers(JsonText& json, const HeaderRows& headers) {
  if (headers.empty()) return;
  json.key("headers").object();
  for (const auto& [name, description] : headers) {
    json.key(name).object().member("description", description).key("schema").raw(R"({"type":"string"})").end();
  }
  json.end();
}

HeaderRows headers_of(const Route& route, const Answer& answer, bool is_job) {
  HeaderRows rows;
  if (route.method == "GET" && answer.status == 200) rows.emplace_back("ETag", "of this answer, for If-None-Match");
  if (is_job) {
    rows.emplace_back("Location", "where the job is");
    rows.emplace_back("Retry-After", "seconds");
  } else if (route.runs == Route::Runs::as_job) {
    rows.emplace_back("Job-Id", "of the job that did it");
  }
  if (route.takes_idempotency_key && answer.status < 400) {
    rows.emplace_back("Idempotency-Replayed", "true: this was answered before, and not done again");
  }
  return rows;
}

// An error of the route's own may also be one of the router's.
void write_content(JsonText& json, const Answer& answer) {
  if (answer.schema.empty()) return;
  json.key("content").object().key(answer.content_type).object().key("schema").raw(answer.schema).end();
  if (answer.status >= 400 && answer.content_type != problem_type) {
    json.key(problem_type).object().key("schema").raw(problem_schema).end();
  }
  json.end();
}

void write_responses(JsonText& json, const Route& route) {
  std::map<int, const Answer*> answers;
  for (const Answer& answer : route.answers) answers.emplace(answer.status, &answer);
  const Answer job{202, "it takes longer: a job to poll", R"({"$ref":"#/components/schemas/Job"})"};
  if (route.runs == Route::Runs::as_job) answers.emplace(202, &job);
  const Answer same{304, "the same as If-None-Match names", {}};
  if (route.method == "GET") answers.emplace(304, &same);
  const Answer refused{400, "refused, with the reason", std::string(problem_schema), std::string(problem_type)};
  json.key("responses").object();
  for (const auto& [status, answer] : answers) {
    json.key(std::to_string(status)).object().member("description", answer->description);
    write_headers(json, headers_of(route, *answer, answer == &job));
    write_content(json, *answer);
    json.end();
  }
  json.key("default").object().member("description", refused.description);
  write_headers(json, {{"Retry-After", "seconds, where asking again may help"}});
  write_content(json, refused);
  json.end().end();
}

void write_operation(JsonText& json, const Route& route) {
  std::string method = route.method;
  for (char& c : method) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  json.key(method).object().member("operationId", route.operation_id).member("summary", route.summary);
  if (!route.description.empty()) json.member("description", route.description);
  if (!route.needs_token) json.key("security").array().end();
  write_parameters(json, route);
  if (!route.body_schema.empty()) {
    json.key("requestBody").object().member("required", route.body_required);
    json.key("content").object().key("application/json").object().key("schema").raw(route.body_schema).end().end();
    json.end();
  }
  write_responses(json, route);
  json.end();
}

[[maybe_unused]] bool has_distinct_operations(const std::vector<Route>& routes) {
  std::set<std::string_view> ids;
  return std::all_of(routes.begin(), routes.end(),
                     [&](const Route& route) { return ids.insert(route.operation_id).second; });
}

}  // namespace

std::string openapi_document(std::string_view title, std::string_view version, const std::vector<Route>& routes,
                             std::string_view components_json) {
  assert(has_distinct_operations(routes));
  JsonText json;
  json.object().member("openapi", "3.1.0").key("info").object().member("title", std::string(title));
  json.member("version", std::string(version)).end();
  json.key("servers").array().object().member("url", "/").end().end();
  json.key("security").array().object().end().object().key("bearer").array().end().end().end();
  json.key("paths").object();
  std::vector<std::string> paths;
  for (const Route& route : routes) {
    if (std::find(paths.begin(), paths.end(), route.path) == paths.end()) paths.push_back(route.path);
  }
  for (const std::string& path : paths) {
    json.key(path).object();
    for (const Route& route : routes) {
      if (route.path == path) write_operation(json, route);
    }
    json.end();
  }
  json.end();

  // Only what is reached, in the order it was declared.
  boost::json::object known = boost::json::parse({components_json.data(), components_json.size()}).as_object();
  const boost::json::value own = boost::json::parse({own_schemas.data(), own_schemas.size()});
  for (const auto& [name, schema] : own.as_object()) known.emplace(name, schema);
  std::set<std::string> reached, told;
  collect(json.str(), reached);
  while (told.size() < reached.size()) {
    for (const std::string& name : std::set<std::string>(reached)) {
      if (!told.insert(name).second) continue;
      if (const auto* schema = known.if_contains(name)) collect(boost::json::serialize(*schema), reached);
    }
  }
  json.key("components").object().key("schemas").object();
  for (const auto& [name, schema] : known) {
    if (reached.contains(std::string(name))) json.key(name).raw(boost::json::serialize(schema));
  }
  json.end().key("securitySchemes").raw(R"({"bearer":{"type":"http","scheme":"bearer"}})").end();
  return json.end().str();
}

}  // namespace rebalancer::http
