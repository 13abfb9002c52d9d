import { describe, expect, it } from "vitest";
import { initialItem, initialValue, variantOf } from "./defaults";
import { errorsBelow, errorsElsewhere, parsePath } from "./field-errors";
import { type JsonSchema, labelOf, readField, variantName } from "./schema";

/** As Pydantic writes it for a model with nested models, options and a discriminated union. */
const order: JsonSchema = {
  type: "object",
  title: "Order",
  required: ["customer", "items", "payment"],
  properties: {
    customer: { $ref: "#/$defs/Customer" },
    items: { type: "array", items: { $ref: "#/$defs/Item" }, title: "Items" },
    note: { anyOf: [{ type: "string" }, { type: "null" }], default: null, title: "Note" },
    priority: { allOf: [{ $ref: "#/$defs/Priority" }], default: "low" },
    payment: {
      oneOf: [{ $ref: "#/$defs/Card" }, { $ref: "#/$defs/Invoice" }],
      discriminator: { propertyName: "kind" },
    },
    limits: { type: "object", additionalProperties: { type: "integer" } },
    ship_at: { type: "string", format: "date-time", title: "Ship At" },
  },
  $defs: {
    Customer: {
      type: "object",
      title: "Customer",
      required: ["name"],
      properties: { name: { type: "string" } },
    },
    Item: {
      type: "object",
      required: ["sku"],
      properties: { sku: { type: "string" }, count: { type: "integer", default: 1 } },
    },
    Priority: { type: "string", enum: ["low", "high"] },
    Card: {
      type: "object",
      title: "Card",
      required: ["kind", "number"],
      properties: { kind: { const: "card", type: "string" }, number: { type: "string" } },
    },
    Invoice: {
      type: "object",
      title: "Invoice",
      required: ["kind"],
      properties: { kind: { const: "invoice", type: "string" }, days: { type: "integer", default: 30 } },
    },
  },
};

const at = (name: string) => order.properties?.[name] ?? {};

describe("readField", () => {
  it("follows references", () => {
    expect(readField(at("customer"), order).field).toMatchObject({ kind: "object" });
  });

  it("tells a value or null from a value", () => {
    expect(readField(at("note"), order)).toMatchObject({ field: { kind: "string" }, isNullable: true });
    expect(readField({ type: ["integer", "null"] }, order)).toMatchObject({
      field: { kind: "number", isInteger: true },
      isNullable: true,
    });
  });

  it("unwraps a reference with a default of its own", () => {
    const { field, schema } = readField(at("priority"), order);
    expect(field).toEqual({ kind: "choice", values: ["low", "high"] });
    expect(schema.default).toBe("low");
  });

  it("knows variants, maps, lists and formats", () => {
    expect(readField(at("payment"), order).field.kind).toBe("variants");
    expect(readField(at("limits"), order).field.kind).toBe("map");
    expect(readField(at("items"), order).field.kind).toBe("array");
    expect(readField(at("ship_at"), order).field).toEqual({ kind: "string", format: "date-time" });
  });

  it("reads literals as a choice", () => {
    const literal = { anyOf: [{ const: "a" }, { const: "b" }, { type: "null" }] };
    expect(readField(literal, order)).toMatchObject({
      field: { kind: "choice", values: ["a", "b"] },
      isNullable: true,
    });
  });

  it("takes what it does not know as JSON, also a reference to itself", () => {
    expect(readField({}, order).field.kind).toBe("json");
    expect(readField({ $ref: "#/$defs/Gone" }, order).field.kind).toBe("json");
    const loop: JsonSchema = { $ref: "#/$defs/A", $defs: { A: { $ref: "#/$defs/A" } } };
    expect(readField(loop, loop).field.kind).toBe("json");
    const maybe: JsonSchema = {
      $ref: "#/$defs/A",
      $defs: { A: { anyOf: [{ $ref: "#/$defs/A" }, { type: "null" }] } },
    };
    expect(readField(maybe, maybe).field.kind).toBe("json");
  });
});

describe("initialValue", () => {
  it("fills in what is required and what has a default, and leaves out the rest", () => {
    expect(initialValue(order, order, true)).toEqual({
      customer: { name: "" },
      items: [],
      note: null,
      priority: "low",
      payment: { kind: "card", number: "" },
    });
  });

  it("ends with types that contain themselves", () => {
    const tree: JsonSchema = {
      $ref: "#/$defs/T",
      $defs: { T: { type: "object", required: ["t"], properties: { t: { $ref: "#/$defs/T" } } } },
    };
    expect(JSON.stringify(initialValue(tree, tree, true)).length).toBeLessThan(100);
  });

  it("begins items with something that JSON can hold", () => {
    expect(initialItem({ type: "integer" }, order)).toBe(0);
    expect(initialItem({ $ref: "#/$defs/Item" }, order)).toEqual({ sku: "", count: 1 });
    expect(initialItem({}, order)).toBeNull();
  });
});

describe("variants", () => {
  const variants = at("payment").oneOf ?? [];
  it("finds the variant of a value by its discriminator", () => {
    expect(variantOf({ kind: "invoice", days: 3 }, variants, order)).toBe(1);
    expect(variantOf({ kind: "card" }, variants, order)).toBe(0);
    expect(variantOf(undefined, variants, order)).toBe(0);
  });
  it("prefers a whole number to a number", () => {
    expect(variantOf(3, [{ type: "string" }, { type: "number" }, { type: "integer" }], order)).toBe(2);
  });
  it("names them", () => {
    expect(variants.map((variant) => variantName(variant, order))).toEqual(["Card", "Invoice"]);
    expect(variantName({ type: "array", items: { type: "string" } }, order)).toBe("list of string");
  });
});

describe("labelOf", () => {
  it("keeps the key where the title was only made from it", () => {
    expect(labelOf({ title: "Ship At" }, "ship_at")).toBe("ship_at");
    expect(labelOf({ title: "When to ship" }, "ship_at")).toBe("When to ship");
  });
});

describe("field errors", () => {
  it("reads every way of writing a path", () => {
    for (const path of ["items[0].name", "$.items[0].name", "/items/0/name", "items['0'].name"]) {
      expect(parsePath(path)).toEqual(["items", "0", "name"]);
    }
  });

  it("splits what a form shows from what it can't", () => {
    const errors = [
      { field: "payload.items[0].sku", message: "too short" },
      { field: "payload", message: "is no object" },
      { field: "thread_id", message: "is no UUID" },
    ];
    expect([...errorsBelow(errors, "payload")]).toEqual([
      ["items.0.sku", "too short"],
      ["", "is no object"],
    ]);
    expect(errorsElsewhere(errors, ["payload", "name"])).toEqual([errors[2]]);
  });
});
