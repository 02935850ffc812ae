// validate.mjs DOCUMENT...: OpenAPI documents against the schema of their version, and every JSON Schema in them
// against its own dialect, which that one leaves open. One JSON line each.
import { readFile } from "node:fs/promises";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";

const ajv = new Ajv2020({ strict: false });

function* schemas_of(value, path) {
  if (value === null || typeof value !== "object") return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === "schema") yield [`${path}/${key}`, inner];
    else if (key === "schemas") {
      for (const [name, schema] of Object.entries(inner)) yield [`${path}/schemas/${name}`, schema];
    } else yield* schemas_of(inner, `${path}/${key}`);
  }
}

for (const path of process.argv.slice(2)) {
  const document = JSON.parse(await readFile(path, "utf8"));
  const validator = new Validator();
  const { errors } = await validator.validate(structuredClone(document));
  const found = errors === undefined ? [] : [errors].flat();
  let schemas = 0;
  for (const [where, schema] of schemas_of(document, "#")) {
    ++schemas;
    if (!ajv.validateSchema(schema)) found.push(...ajv.errors.map((error) => ({ ...error, where })));
  }
  const version = validator.version ?? null;
  console.log(JSON.stringify({ path, valid: found.length === 0, version, schemas, errors: found }));
}
