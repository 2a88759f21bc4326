// The OpenAPI document as a page: paths first, then the types they answer with.

import { byId, el } from "./dom.js";

const named = (schema) => {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.anyOf) return schema.anyOf.map(named).join(" or ");
  if (schema.type === "array") return `list of ${schema.items ? named(schema.items) : (schema.prefixItems ?? []).map(named).join(", ")}`;
  if (schema.type === "object" && schema.additionalProperties) return `object of ${named(schema.additionalProperties)}`;
  return schema.type ?? (schema.enum ?? []).join(", ");
};

const link = ({ schema }) => el("a", { href: `#${named(schema)}` }, named(schema));

function operation(name, [method, op]) {
  const parameters = (op.parameters ?? []).map((p) => [el("dt", {}, `${p.name} (${p.in})`), el("dd", {}, p.description ?? "")]).flat();
  const body = op.requestBody ? [el("dt", {}, "body"), el("dd", {}, ...Object.values(op.requestBody.content).map(link))] : [];
  const answers = Object.entries(op.responses).map(([code, r]) => [el("dt", {}, code),
    el("dd", {}, `${r.description} `, ...Object.values(r.content ?? {}).map(link))]).flat();
  return el("section", {}, el("h2", {}, `${method.toUpperCase()} ${name}`), el("p", {}, op.summary), el("dl", {}, ...parameters, ...body, ...answers));
}

const path = ([name, methods]) => Object.entries(methods).map((one) => operation(name, one));

function type([name, schema]) {
  const fields = Object.entries(schema.properties ?? {}).map(([field, of]) => [el("dt", {}, field), el("dd", {}, named(of))]).flat();
  return el("section", { id: name }, el("h2", {}, name), el("p", {}, schema.description ?? ""),
    schema.enum ? el("p", {}, schema.enum.join(", ")) : null, el("dl", {}, ...fields));
}

const reply = await fetch("/api/openapi.json");
const found = await reply.json();
byId("docs").replaceChildren(el("p", {}, found.info.description), ...Object.entries(found.paths).flatMap(path), ...Object.entries(found.components.schemas).map(type));
