#include "http/surfaces/common.hpp"

#include <charconv>

#include <fmt/format.h>

namespace rebalancer::http {

void add_common_routes(std::vector<Route>& routes, Backend& backend) {
  routes.push_back({.method = "GET",
                    .path = "/health",
                    .operation_id = "getHealth",
                    .summary = "whether the process lives",
                    .answers = {ok("it does", "Health")},
                    .runs = Route::Runs::on_loop,
                    .needs_token = false,
                    .handle = [&backend](const Request&, const Call&) { return respond(backend.health()); }});
  routes.push_back({.method = "GET",
                    .path = "/ready",
                    .operation_id = "getReadiness",
                    .summary = "whether it can trade: data fresh, broker reachable, clock right, not halted",
                    .answers = {ok("it can", "Readiness"), Answer{503, "it cannot, and why", ref("Readiness")}},
                    .handle = [&backend](const Request&, const Call&) {
                      Backend::Readiness told = backend.readiness();
                      return json_response(told.ready ? 200 : 503, std::move(told.json));
                    }});
  routes.push_back({.method = "GET",
                    .path = "/metrics",
                    .operation_id = "getMetrics",
                    .summary = "figures for Prometheus",
                    .answers = {Answer{200, "text exposition format 0.0.4", R"({"type":"string"})", "text/plain"}},
                    .handle = [&backend](const Request&, const Call&) {
                      Response response;
                      response.content_type = "text/plain; version=0.0.4; charset=utf-8";
                      response.body = std::make_shared<const std::string>(backend.metrics());
                      return response;
                    }});
}

Route execute_route(Backend& backend, bool fetches) {
  return {.method = "POST",
          .path = "/execute",
          .operation_id = "execute",
          .summary = fetches ? "one rebalance: fetch, optimize, plan, check, execute, analyze"
                             : "one rebalance on the prices that are stored",
          .description =
              "A second one for the same session trades nothing and says so. A run that held is an answer "
              "too: outcome and hold say why.",
          .body_schema = R"({"type":"object","additionalProperties":false,"properties":{)"
                         R"("dry_run":{"type":"boolean","description":"send nothing to the broker"},)"
                         R"("as_of":{"type":"string","format":"date","description":"decide for the session on or )"
                         R"(before this day instead of the last completed one"}}})",
          .answers = {ok("what was done and why", "RunReport")},
          .runs = Route::Runs::as_job,
          .takes_idempotency_key = true,
          .handle = [&backend, fetches](const Request& request, const Call& call) {
            BodyFields fields(request);
            const auto dry_run = fields.boolean("dry_run");
            const auto as_of = body_date(fields, "as_of");
            if (auto wrong = fields.problem()) return *wrong;
            auto told = backend.execute({dry_run.value_or(false), fetches, as_of}, call);
            if (!told) return problem(told.error());
            return json_response(told->status, std::move(told->json));
          }};
}

Response respond(Backend::Json result, int status) {
  if (!result) return problem(result.error());
  return json_response(status, *std::move(result));
}

Response respond(const Request& request, const Result<Page>& page) {
  if (!page) return problem(page.error());
  Response response = json_response(200, page->json);
  if (!page->next.empty()) {
    std::string link = "<" + request.path + "?";
    for (const auto& [name, value] : request.query) {
      if (name != "after") link += name + "=" + value + "&";
    }
    response.headers.emplace_back("link", link + "after=" + page->next + ">; rel=\"next\"");
  }
  return response;
}

std::string ref(std::string_view name) { return fmt::format(R"({{"$ref":"#/components/schemas/{}"}})", name); }

Answer ok(std::string description, std::string_view schema_name) {
  return {200, std::move(description), ref(schema_name)};
}

std::vector<Parameter> page_parameters(std::string_view what, int limit_default, int limit_max) {
  return {{.name = "limit",
           .description = fmt::format("at most this many {}", what),
           .schema =
               fmt::format(R"({{"type":"integer","minimum":1,"maximum":{},"default":{}}})", limit_max, limit_default)},
          {.name = "after",
           .description = "go on behind this one, as the Link header of the page before says",
           .schema = R"({"type":"string","minLength":1,"maxLength":128})"}};
}

Parameter date_parameter(std::string name, std::string description) {
  return {
      .name = std::move(name), .description = std::move(description), .schema = R"({"type":"string","format":"date"})"};
}

Parameter symbol_parameter() {
  return {.in = Parameter::In::path,
          .name = "symbol",
          .description = "a symbol, such as SPY",
          .schema = R"({"type":"string","minLength":1,"maxLength":16})",
          .required = true};
}

std::optional<std::string> query_text(const Request& request, std::string_view name) {
  for (const auto& [key, value] : request.query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::optional<int> query_integer(const Request& request, std::string_view name) {
  const auto text = query_text(request, name);
  if (!text) return std::nullopt;
  int value = 0;
  const auto [end, wrong] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (wrong != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return value;
}

std::optional<Date> query_date(const Request& request, std::string_view name) {
  const auto text = query_text(request, name);
  if (!text) return std::nullopt;
  auto date = Date::parse(*text);
  return date ? std::optional(*date) : std::nullopt;
}

PageRequest page_of(const Request& request, int limit_default) {
  return {query_integer(request, "limit").value_or(limit_default), query_text(request, "after").value_or("")};
}

std::optional<Date> body_date(BodyFields& fields, std::string_view name) {
  const auto text = fields.text(name);
  if (!text) return std::nullopt;
  auto date = Date::parse(*text);
  if (date) return *date;
  fields.complain(name, date.error().message);
  return std::nullopt;
}

}  // namespace rebalancer::http
