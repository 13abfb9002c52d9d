import { JsonView } from "react-json-view-lite";

const STYLE = {
  container: "json-tree",
  basicChildStyle: "json-child",
  childFieldsContainer: "json-fields",
  label: "json-label",
  clickableLabel: "json-label json-click",
  nullValue: "json-null",
  undefinedValue: "json-null",
  numberValue: "json-number",
  stringValue: "json-string",
  booleanValue: "json-word",
  otherValue: "json-word",
  punctuation: "json-punctuation",
  expandIcon: "json-expand",
  collapseIcon: "json-collapse",
  collapsedContent: "json-folded",
  stringifyStringValues: true,
  ariaLables: { expandJson: "unfold", collapseJson: "fold" },
};

const MAX_OPEN_ITEMS = 60;
const FEW_ITEMS = 4;

/** Opens two levels, but no list that would fill the screen. */
function isOpenAtFirst(level: number, value: unknown): boolean {
  const size = typeof value === "object" && value !== null ? Object.keys(value).length : 0;
  return level < 1 || (level < 3 && size <= MAX_OPEN_ITEMS) || (level < 6 && size <= FEW_ITEMS);
}

export function JsonTree({ value, label }: { value: unknown; label: string }) {
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) {
    return <code className="font-mono text-xs break-all whitespace-pre-wrap">{JSON.stringify(value)}</code>;
  }
  return (
    <JsonView
      data={value}
      style={STYLE}
      shouldExpandNode={isOpenAtFirst}
      clickToExpandNode
      aria-label={label}
    />
  );
}
