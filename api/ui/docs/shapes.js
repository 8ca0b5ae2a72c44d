// JSON schemas in words and lists; what another one names is opened on demand, so that nothing goes in circles.

import { element } from "../page.js";

const LIMITS = {
  minimum: "at least", exclusiveMinimum: "more than", maximum: "at most", exclusiveMaximum: "less than",
  minLength: "length at least", maxLength: "length at most", minItems: "items at least", maxItems: "items at most",
};

export function shapeOf(schema, schemas) {
  const shape = element("div", "", "shape");
  shape.append(...parts(schema, schemas));
  return shape;
}

// Text of docstrings: what stands between double backticks is code.
export function described(text = "") {
  return text.split("``").map((part, index) => (index % 2 ? element("code", part) : part));
}

function parts(schema, schemas) {
  const found = [];
  if (schema.$ref) found.push(named(schema.$ref.split("/").at(-1), schemas));
  const words = inWords(schema);
  if (words) found.push(element("span", words, "type"));
  if (schema.description) found.push(" ", ...described(schema.description));
  if (schema.properties) found.push(fields(schema, schemas));
  if (schema.items && !simple(schema.items)) found.push(element("span", " of ", "type"), ...parts(schema.items, schemas));
  for (const [kind, said] of [["oneOf", "one of"], ["anyOf", "any of"], ["allOf", "all of"]]) {
    const alternatives = (schema[kind] ?? []).filter((each) => !each.not);
    if (alternatives.length && !alternatives.every(simple)) found.push(choice(said, alternatives, schemas));
  }
  return found;
}

function named(name, schemas) {
  const details = element("details");
  details.append(element("summary", name));
  details.addEventListener("toggle", () => details.append(shapeOf(schemas[name], schemas)), { once: true });
  return details;
}

function fields({ properties, required = [] }, schemas) {
  const list = element("ul", "", "shape");
  list.append(...Object.entries(properties).map(([name, schema]) => {
    const item = element("li");
    item.append(element("code", name), element("span", required.includes(name) ? " required " : " ", "type"));
    item.append(...parts(schema, schemas));
    return item;
  }));
  return list;
}

function choice(said, alternatives, schemas) {
  const details = element("details");
  details.append(element("summary", `${said} ${alternatives.length}`));
  details.addEventListener("toggle", () => {
    const list = element("ul", "", "shape");
    list.append(...alternatives.map((each) => {
      const item = element("li");
      item.append(...parts(each, schemas));
      return item;
    }));
    details.append(list);
  }, { once: true });
  return details;
}

const simple = (schema) => !("$ref" in schema || "properties" in schema || "oneOf" in schema || "allOf" in schema
  || (schema.anyOf ?? []).some((each) => !simple(each)) || (schema.items && !simple(schema.items)));

function inWords(schema) {
  const words = [typeOf(schema)];
  for (const [key, said] of Object.entries(LIMITS)) if (key in schema) words.push(`${said} ${schema[key]}`);
  if (schema.pattern && !schema.description && !schema.contentEncoding) words.push(`as ${schema.pattern}`);
  if ("default" in schema && typeof schema.default !== "object") words.push(`by default ${JSON.stringify(schema.default)}`);
  return words.filter(Boolean).join(", ");
}

function typeOf({ type, enum: values, const: value, items, anyOf, contentEncoding }) {
  if (value !== undefined) return JSON.stringify(value);
  if (values) return values.map((each) => JSON.stringify(each)).join(" | ");
  if (anyOf?.every(simple)) return anyOf.map(inWords).join(" | ");
  if (type === "array" && items && simple(items)) return `list of ${inWords(items)}`;
  return contentEncoding ? `${type} in ${contentEncoding}` : type;
}
