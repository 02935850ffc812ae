// The document says what the routes do, and nothing more.
#include "http/openapi.hpp"

#include <set>

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>

#include "http/surfaces/surfaces.hpp"
#include "router_scene.hpp"

namespace rebalancer::http {
namespace {

namespace json = boost::json;

std::vector<Route> table() {
  const auto handle = [](const Request&, const Call&) { return test::said("it"); };
  Route list = test::route("GET", "/things", handle);
  list.parameters = {{.name = "limit", .description = "how many", .schema = R"({"type":"integer","minimum":1})"}};
  Route one = test::route("GET", "/things/{id}/of/{owner}", handle);
  one.parameters = {{.in = Parameter::In::path,
                     .name = "owner",
                     .description = "whose",
                     .schema = R"({"type":"string","maxLength":9})",
                     .required = true}};
  one.answers.push_back({503, "not now", R"({"$ref":"#/components/schemas/Reason"})"});
  Route work = test::route("POST", "/work", handle);
  work.body_schema = R"({"type":"object","properties":{"dry_run":{"type":"boolean"}}})";
  work.runs = Route::Runs::as_job;
  work.takes_idempotency_key = true;
  Route health = test::route("GET", "/health", handle);
  health.needs_token = false;
  health.answers = {{200, "text", R"({"type":"string"})", "text/plain"}};
  return {list, one, work, health};
}

constexpr std::string_view components =
    R"({"Thing":{"type":"object","properties":{"part":{"$ref":"#/components/schemas/Part"}}},)"
    R"("Unused":{"type":"object"},"Reason":{"type":"string"},"Part":{"$ref":"#/components/schemas/Deep"},)"
    R"("Deep":{"type":"number","minimum":0.5}})";

const json::value& at(const json::value& value, std::string_view pointer) {
  return value.at_pointer({pointer.data(), pointer.size()});
}
bool has(const json::value& value, std::string_view pointer) {
  json::error_code error;
  return value.find_pointer({pointer.data(), pointer.size()}, error) != nullptr;
}

TEST_CASE("every route is an operation with all that it takes and gives") {
  const json::value document = json::parse(openapi_document("A title", "1.2.3", table(), components));
  CHECK(at(document, "/openapi").as_string() == "3.1.0");
  CHECK(at(document, "/info/title").as_string() == "A title");
  CHECK(at(document, "/info/version").as_string() == "1.2.3");
  CHECK(at(document, "/servers/0/url").as_string() == "/");
  CHECK(at(document, "/security/0").as_object().empty());
  CHECK(at(document, "/security/1/bearer").as_array().empty());
  CHECK(at(document, "/components/securitySchemes/bearer/scheme").as_string() == "bearer");
  CHECK(at(document, "/paths").as_object().size() == 4);

  const auto& list = at(document, "/paths/~1things/get");
  CHECK(at(list, "/operationId").as_string() == "GETthings");
  CHECK(at(list, "/parameters/0/name").as_string() == "limit");
  CHECK(at(list, "/parameters/0/in").as_string() == "query");
  CHECK(!at(list, "/parameters/0/required").as_bool());
  CHECK(at(list, "/parameters/0/schema/minimum").as_int64() == 1);
  CHECK(has(list, "/responses/200/headers/ETag"));
  CHECK(has(list, "/responses/304"));
  CHECK(!has(list, "/requestBody"));
  CHECK(at(list, "/responses/default/content/application~1problem+json/schema/$ref").as_string() ==
        "#/components/schemas/Problem");

  const auto& one = at(document, "/paths/~1things~1{id}~1of~1{owner}/get");
  CHECK(at(one, "/parameters/0/name").as_string() == "id");
  CHECK(at(one, "/parameters/0/in").as_string() == "path");
  CHECK(at(one, "/parameters/0/required").as_bool());
  CHECK(at(one, "/parameters/0/schema/type").as_string() == "string");
  CHECK(at(one, "/parameters/1/schema/maxLength").as_int64() == 9);
  CHECK(has(one, "/responses/503/content/application~1json"));
  CHECK(has(one, "/responses/503/content/application~1problem+json"));

  const auto& work = at(document, "/paths/~1work/post");
  CHECK(has(work, "/requestBody/content/application~1json/schema/properties/dry_run"));
  CHECK(!at(work, "/requestBody/required").as_bool());
  CHECK(at(work, "/parameters/0/name").as_string() == "Idempotency-Key");
  CHECK(at(work, "/parameters/0/in").as_string() == "header");
  CHECK(has(work, "/responses/202/headers/Location"));
  CHECK(has(work, "/responses/202/headers/Retry-After"));
  CHECK(at(work, "/responses/202/content/application~1json/schema/$ref").as_string() == "#/components/schemas/Job");
  CHECK(has(work, "/responses/200/headers/Job-Id"));
  CHECK(!has(work, "/responses/304"));
  CHECK(!has(work, "/security"));

  CHECK(at(document, "/paths/~1health/get/security").as_array().empty());
  CHECK(has(document, "/paths/~1health/get/responses/200/content/text~1plain"));
}

TEST_CASE("only schemas that are reached are put in, as they were declared") {
  const json::value document = json::parse(openapi_document("t", "1", table(), components));
  std::vector<std::string> names;
  for (const auto& member : at(document, "/components/schemas").as_object()) names.emplace_back(member.key());
  CHECK(names == std::vector<std::string>{"Thing", "Reason", "Part", "Deep", "Problem", "Job"});
  CHECK(at(document, "/components/schemas/Deep/minimum").as_double() == 0.5);
}

TEST_CASE("the same routes make the same text") {
  CHECK(openapi_document("t", "1", table(), components) == openapi_document("t", "1", table(), components));
}

TEST_CASE("the job routes come where a route runs as a job, and the document is what is served") {
  test::RouterScene scene(table());
  const auto served = scene.get("/openapi.json");
  CHECK(served.status() == 200);
  CHECK(served.body() == scene.router->openapi());
  CHECK(served.header("etag").size() == 18);
  CHECK(scene.get("/openapi.json", {}, {{"if-none-match", served.header("etag")}}).status() == 304);
  const json::value document = json::parse(served.body());
  for (const char* path :
       {"/paths/~1jobs/get", "/paths/~1jobs~1{id}/get", "/paths/~1jobs~1{id}/delete", "/paths/~1openapi.json/get"}) {
    CHECK(has(document, path));
  }
  CHECK(has(document, "/components/schemas/Jobs"));
  test::RouterScene plain({test::route("GET", "/a", [](const Request&, const Call&) { return test::said("a"); })});
  CHECK(plain.get("/jobs").status() == 404);
  CHECK(!has(json::parse(plain.router->openapi()), "/components/schemas/Job"));
}

// Every reference of a document, collected.
void collect(const json::value& value, std::set<std::string>& references) {
  if (value.is_array()) {
    for (const auto& item : value.get_array()) collect(item, references);
  } else if (value.is_object()) {
    for (const auto& member : value.get_object()) {
      if (member.key() == "$ref" && member.value().is_string()) references.emplace(member.value().get_string());
      collect(member.value(), references);
    }
  }
}

TEST_CASE("no reference leads nowhere, no operation has another's id") {
  const json::value document = json::parse(openapi_document("t", "1", table(), components));
  std::set<std::string> references, ids;
  collect(document, references);
  for (const std::string& reference : references) CHECK_MESSAGE(has(document, reference.substr(1)), reference);
  int operations = 0;
  for (const auto& path : at(document, "/paths").as_object()) {
    for (const auto& operation : path.value().as_object()) {
      ++operations;
      ids.emplace(operation.value().at("operationId").as_string());
    }
  }
  CHECK(ids.size() == static_cast<std::size_t>(operations));
}

TEST_CASE("the shared schemas of the surfaces are JSON, and refer to each other") {
  const json::value schemas = json::parse({schemas_json().data(), schemas_json().size()});
  std::set<std::string> references;
  collect(schemas, references);
  for (const std::string& reference : references) {
    CHECK_MESSAGE(schemas.as_object().contains(reference.substr(std::string("#/components/schemas/").size())),
                  reference);
  }
}

}  // namespace
}  // namespace rebalancer::http
