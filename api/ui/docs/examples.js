// The least that fits a JSON schema, for people to begin with.

const OF_TYPE = { string: "…", integer: 1, number: 1, boolean: false, array: [], null: null };

export function example(schema, schemas) {
  if (schema.$ref) return example(merged(schemas[schema.$ref.split("/").at(-1)], without(schema, "$ref")), schemas);
  if ("const" in schema) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.oneOf) return example(merged(without(schema, "oneOf"), schema.oneOf[0]), schemas);
  if (schema.type === "object" || schema.properties) return fieldsOf(schema, schemas);
  if (schema.anyOf) return example(schema.anyOf[0], schemas);
  return "default" in schema ? schema.default : OF_TYPE[schema.type] ?? null;
}

function fieldsOf({ properties = {}, required = [] }, schemas) {
  const wanted = Object.entries(properties).filter(([name]) => required.includes(name));
  return Object.fromEntries(wanted.map(([name, schema]) => [name, example(schema, schemas)]));
}

function merged(one, other) {
  const joined = one.properties || other.properties ? { properties: { ...one.properties, ...other.properties } } : {};
  const required = [...(one.required ?? []), ...(other.required ?? [])];
  return { ...one, ...other, ...joined, required };
}

function without(schema, name) {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== name));
}
