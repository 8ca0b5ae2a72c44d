// The API's documentation: /openapi.json as people read it.

import { $, argusd, element, showState } from "../page.js";
import { example } from "./examples.js";
import { described, shapeOf } from "./shapes.js";

const PAGES = "Pages and their files"; // they come last

async function show() {
  const document_ = await argusd.json("/openapi.json");
  showState(document_.info.version);
  const groups = Object.groupBy(operationsOf(document_), groupOf);
  for (const [name, operations] of Object.entries(groups).sort(([one], [other]) => (one === PAGES) - (other === PAGES))) {
    const group = element("section");
    group.append(element("h2", name), ...operations.map((each) => operationOf(each, document_)));
    $("operations").append(group);
  }
  openNamed();
}

function groupOf({ path, responses }) {
  const isPage = path.startsWith("/ui/") || "text/html" in (responses[200]?.content ?? {});
  return isPage ? PAGES : `/${path.split("/")[1]}`;
}

function operationsOf({ paths }) {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })));
}

function operationOf(operation, document_) {
  const whole = element("details", "", "operation");
  whole.id = operation.operationId;
  whole.said = JSON.stringify(operation).toLowerCase();
  const summary = element("summary");
  summary.append(
    element("span", operation.method.toUpperCase(), `method ${operation.method}`),
    element("code", operation.path),
    about(operation.summary),
  );
  whole.append(summary);
  whole.addEventListener("toggle", () => whole.append(detailsOf(operation, document_)), { once: true });
  return whole;
}

function about(summary) {
  const made = element("span", "", "about");
  made.append(...described(summary));
  return made;
}

function detailsOf(operation, document_) {
  const schemas = document_.components.schemas;
  const details = element("div", "", "details");
  details.append(element("h3", "As a command"), element("pre", command(operation, document_)));
  if (operation.parameters.length) details.append(element("h3", "Parameters"), parametersOf(operation, schemas));
  const taken = Object.entries(operation.requestBody?.content ?? {});
  for (const [type, { schema }] of taken) details.append(element("h3", `Takes ${type}`), opened(shapeOf(schema, schemas)));
  for (const [status, { description, content = {} }] of Object.entries(operation.responses)) {
    details.append(element("h3", `${status} ${description}`));
    for (const [type, { schema }] of Object.entries(content)) {
      const shape = shapeOf(schema, schemas);
      shape.prepend(element("span", `${type} `, "type"));
      details.append(shape);
    }
  }
  return details;
}

function opened(shape) {
  for (const named of shape.querySelectorAll(":scope > details")) named.open = true;
  return shape;
}

function parametersOf({ parameters }, schemas) {
  const list = element("ul", "", "shape");
  list.append(...parameters.map(({ name, in: place, required, schema, description = "" }) => {
    const item = element("li");
    item.append(element("code", name), element("span", ` ${place}${required ? "" : ", optional"} `, "type"));
    item.append(...described(description), shapeOf(schema, schemas));
    return item;
  }));
  return list;
}

// A command line that asks for it, with the least that it takes.
function command({ path, method, requestBody, security }, document_) {
  const words = ["curl"];
  if (method !== "get") words.push(`-X ${method.toUpperCase()}`);
  if ((security ?? document_.security ?? []).length) words.push('-H "Authorization: Bearer $TOKEN"');
  const json = requestBody?.content["application/json"];
  if (json) words.push(`--json '${JSON.stringify(example(json.schema, document_.components.schemas))}'`);
  else if (requestBody) words.push(`-H "Content-Type: ${Object.keys(requestBody.content)[0]}" --data-binary @file`);
  return [...words, `"${location.origin}${path}"`].join(" ");
}

function find() {
  const wanted = $("filter").value.trim().toLowerCase();
  for (const group of $("operations").children) {
    const operations = [...group.querySelectorAll(".operation")];
    for (const each of operations) each.hidden = !each.said.includes(wanted);
    group.hidden = operations.every((each) => each.hidden);
  }
}

function openNamed() {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named instanceof HTMLDetailsElement) {
    named.open = true;
    named.scrollIntoView();
  }
}

$("filter").addEventListener("input", find);
addEventListener("hashchange", openNamed);
show().catch((error) => {
  $("problem").textContent = `The description cannot be had: ${error.message}`;
  $("problem").hidden = false;
});
