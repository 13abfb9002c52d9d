/**
 * What the scripts are told: `--url http://127.0.0.1:8000` for a server that runs, else one is started and ended here;
 * `--only name,name` for some of the scenarios; `--out folder` for pictures.
 */
import { parseArgs } from "node:util";

export function readOptions() {
  const { values } = parseArgs({
    options: {
      url: { type: "string" },
      only: { type: "string" },
      out: { type: "string" },
      list: { type: "boolean", default: false },
    },
  });
  return {
    url: values.url ?? process.env.FASTGRAPH_URL,
    only: values.only?.split(",").filter(Boolean) ?? [],
    out: values.out,
    list: values.list,
  };
}
