import { useMemo } from "react";
import { text } from "@/shared/text";
import { parseCsv } from "./csv";

const MAX_ROWS = 200;

export function CsvPreview({ source }: { source: string }) {
  const table = useMemo(() => parseCsv(source, MAX_ROWS), [source]);
  return (
    <>
      <div className="overflow-x-auto">
        <table className="tabular w-full text-xs">
          <thead>
            <tr className="border-b border-line text-left">
              {table.header.map((name, column) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: columns may share a name.
                <th key={column} scope="col" className="py-1.5 pr-5 font-medium text-ink-soft">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {table.rows.map((row, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows of a file have no other name than their number.
              <tr key={at} className="border-b border-line/60">
                {row.map((field, column) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: the same for its fields.
                  <td key={column} className="py-1 pr-5 font-mono">
                    {field}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="mt-2 text-xs text-ink-faint">{text.artifacts.rows(table.rows.length, table.total)}</p>
    </>
  );
}
