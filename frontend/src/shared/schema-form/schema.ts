/**
 * Reads a JSON Schema as Pydantic writes it: references resolved, "or null" told apart, one kind for each field.
 *
 * Pure, and it never fails: what it does not know becomes a field of free JSON. The server is who validates.
 */
export interface JsonSchema {
  [keyword: string]: unknown;
  $ref?: string;
  type?: string | string[];
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  format?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema | boolean;
  prefixItems?: JsonSchema[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
}

export type FieldKind =
  | { kind: "string"; format: string | undefined }
  | { kind: "number"; isInteger: boolean }
  | { kind: "boolean" }
  | { kind: "choice"; values: unknown[] }
  | { kind: "array"; items: JsonSchema }
  | { kind: "object"; properties: [name: string, schema: JsonSchema][]; required: ReadonlySet<string> }
  | { kind: "map"; values: JsonSchema }
  | { kind: "variants"; variants: JsonSchema[] }
  | { kind: "json" };

export interface Field {
  schema: JsonSchema;
  field: FieldKind;
  isNullable: boolean;
}

const MAX_REFERENCES = 20;

export function resolve(schema: JsonSchema, root: JsonSchema): JsonSchema {
  let resolved = schema;
  for (let hops = 0; resolved.$ref !== undefined && hops < MAX_REFERENCES; hops++) {
    const { $ref, ...beside } = resolved;
    resolved = { ...pointer(root, $ref), ...beside };
  }
  // Pydantic wraps a reference that has a description or a default of its own.
  if (resolved.allOf?.length === 1 && resolved.allOf[0]) {
    const { allOf, ...beside } = resolved;
    return { ...resolve(resolved.allOf[0], root), ...beside };
  }
  return resolved;
}

function pointer(root: JsonSchema, reference: string): JsonSchema {
  if (!reference.startsWith("#")) return {};
  let at: unknown = root;
  for (const part of reference.slice(1).split("/").filter(Boolean)) {
    const name = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    at = isObject(at) ? at[name] : undefined;
  }
  return isObject(at) ? (at as JsonSchema) : {};
}

export function readField(schema: JsonSchema, root: JsonSchema, depth = 0): Field {
  const resolved = resolve(schema, root);
  if (depth > MAX_REFERENCES) return { schema: resolved, field: { kind: "json" }, isNullable: false };
  const alternatives = resolved.anyOf ?? resolved.oneOf;
  if (alternatives) return readAlternatives(resolved, alternatives, root, depth);
  const types = Array.isArray(resolved.type) ? resolved.type : undefined;
  if (types) {
    const variants = types.filter((type) => type !== "null").map((type) => ({ ...resolved, type }));
    return oneOrMany(resolved, variants, types.includes("null"), root, depth);
  }
  return { schema: resolved, field: kindOf(resolved), isNullable: resolved.type === "null" };
}

function readAlternatives(
  schema: JsonSchema,
  alternatives: JsonSchema[],
  root: JsonSchema,
  depth: number,
): Field {
  const real = alternatives.filter((alternative) => resolve(alternative, root).type !== "null");
  const { anyOf, oneOf, ...beside } = schema;
  return oneOrMany(beside, real, real.length < alternatives.length, root, depth);
}

function oneOrMany(
  beside: JsonSchema,
  variants: JsonSchema[],
  isNullable: boolean,
  root: JsonSchema,
  depth: number,
): Field {
  const [only] = variants;
  if (variants.length === 1 && only) {
    const inner = readField(only, root, depth + 1);
    return {
      ...inner,
      schema: { ...inner.schema, ...withoutType(beside) },
      isNullable: isNullable || inner.isNullable,
    };
  }
  const constants = variants.map((variant) => resolve(variant, root)).filter((variant) => "const" in variant);
  if (variants.length > 0 && constants.length === variants.length) {
    return { schema: beside, field: { kind: "choice", values: constants.map((v) => v.const) }, isNullable };
  }
  return {
    schema: beside,
    field: variants.length ? { kind: "variants", variants } : { kind: "json" },
    isNullable,
  };
}

function withoutType({ type, ...rest }: JsonSchema): JsonSchema {
  return rest;
}

function kindOf(schema: JsonSchema): FieldKind {
  if (schema.enum) return { kind: "choice", values: schema.enum };
  if ("const" in schema) return { kind: "choice", values: [schema.const] };
  switch (schema.type) {
    case "string":
      return { kind: "string", format: schema.format };
    case "integer":
    case "number":
      return { kind: "number", isInteger: schema.type === "integer" };
    case "boolean":
      return { kind: "boolean" };
    case "array":
      return arrayKind(schema);
    case "object":
      return objectKind(schema);
    default:
      return schema.properties ? objectKind(schema) : { kind: "json" };
  }
}

function arrayKind(schema: JsonSchema): FieldKind {
  if (schema.prefixItems || !isObject(schema.items)) return { kind: "json" };
  return Object.keys(schema.items).length === 0
    ? { kind: "json" }
    : { kind: "array", items: schema.items as JsonSchema };
}

function objectKind(schema: JsonSchema): FieldKind {
  const properties = Object.entries(schema.properties ?? {});
  if (properties.length > 0) return { kind: "object", properties, required: new Set(schema.required ?? []) };
  const values = schema.additionalProperties;
  if (isObject(values) && Object.keys(values).length > 0)
    return { kind: "map", values: values as JsonSchema };
  return values === false ? { kind: "object", properties: [], required: new Set() } : { kind: "json" };
}

/** A name a person can read: the title where it says more than the key does. */
export function labelOf(schema: JsonSchema, name: string): string {
  const title = schema.title;
  const isMade = title?.toLowerCase().replaceAll(" ", "") === name.toLowerCase().replaceAll("_", "");
  return title && !isMade ? title : name;
}

/** How a variant is called in the picker. */
export function variantName(schema: JsonSchema, root: JsonSchema): string {
  const resolved = resolve(schema, root);
  if (resolved.title) return resolved.title;
  if ("const" in resolved) return String(resolved.const);
  if (resolved.format) return resolved.format;
  if (resolved.type === "array") {
    const items = isObject(resolved.items) ? variantName(resolved.items as JsonSchema, root) : "";
    return items ? `list of ${items}` : "list";
  }
  return typeof resolved.type === "string" ? resolved.type : "JSON";
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
