import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { fireEvent, render, screen } from "@testing-library/react";
import { useState } from "react";
import { describe, expect, it } from "vitest";
import type { JsonSchema } from "./schema";
import { SchemaForm } from "./schema-form";

let latest: unknown;

function Harness({
  schema,
  start = {},
  errors,
}: {
  schema: JsonSchema;
  start?: unknown;
  errors?: Map<string, string>;
}) {
  const [value, setValue] = useState<unknown>(start);
  latest = value;
  return (
    <QueryClientProvider client={new QueryClient()}>
      <SchemaForm
        schema={schema}
        value={value}
        onChange={setValue}
        errors={errors ?? new Map()}
        label="Input"
      />
    </QueryClientProvider>
  );
}

const type = (label: string, value: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value } });

describe("SchemaForm", () => {
  it("writes texts and numbers, and leaves out an optional field that was emptied", () => {
    const schema: JsonSchema = {
      type: "object",
      properties: { input: { type: "string" }, count: { type: "integer" } },
    };
    render(<Harness schema={schema} />);
    type("count", "4");
    type("input", "hello");
    expect(latest).toEqual({ input: "hello", count: 4 });
    expect(Object.keys(latest as object)).toEqual(["input", "count"]);
    type("input", "");
    type("count", "");
    expect(latest).toEqual({});
  });

  it("keeps a number as it is typed", () => {
    render(<Harness schema={{ type: "object", properties: { rate: { type: "number" } } }} />);
    type("rate", "1.");
    expect(screen.getByLabelText("rate")).toHaveValue("1.");
    type("rate", "1.50");
    expect(screen.getByLabelText("rate")).toHaveValue("1.50");
    expect(latest).toEqual({ rate: 1.5 });
  });

  it("adds and removes items of a list of objects", () => {
    const schema: JsonSchema = {
      type: "object",
      required: ["items"],
      properties: {
        items: {
          type: "array",
          items: { type: "object", required: ["sku"], properties: { sku: { type: "string" } } },
        },
      },
    };
    render(<Harness schema={schema} start={{ items: [] }} />);
    fireEvent.click(screen.getByRole("button", { name: "Add item" }));
    type("sku", "A-1");
    expect(latest).toEqual({ items: [{ sku: "A-1" }] });
    fireEvent.click(screen.getByRole("button", { name: "Remove items 1" }));
    expect(latest).toEqual({ items: [] });
  });

  it("switches between the shapes of a union", () => {
    const schema: JsonSchema = {
      type: "object",
      required: ["how"],
      properties: { how: { anyOf: [{ type: "string" }, { type: "integer" }] } },
    };
    render(<Harness schema={schema} start={{ how: "x" }} />);
    type("Kind", "1");
    expect(latest).toEqual({ how: 0 });
  });

  it("shows a fault at its field and ties it to the control", () => {
    const schema: JsonSchema = { type: "object", properties: { input: { type: "string" } } };
    render(<Harness schema={schema} errors={new Map([["input", "is too short"]])} />);
    const control = screen.getByLabelText("input");
    expect(control).toHaveAttribute("aria-invalid", "true");
    expect(control).toHaveAccessibleDescription("is too short");
  });

  it("offers null where it is allowed", () => {
    const schema: JsonSchema = {
      type: "object",
      properties: { size: { anyOf: [{ enum: ["s", "l"] }, { type: "null" }] } },
    };
    render(<Harness schema={schema} />);
    type("size", "null");
    expect(latest).toEqual({ size: null });
    type("size", "1");
    expect(latest).toEqual({ size: "l" });
  });

  it("takes any JSON where the schema says nothing, and waits while it is none", () => {
    render(<Harness schema={{ type: "object", properties: { extra: {} } }} />);
    type("extra", '{"a": ');
    expect(latest).toEqual({});
    type("extra", '{"a": 1}');
    expect(latest).toEqual({ extra: { a: 1 } });
  });
});
