import { getRouteApi } from "@tanstack/react-router";
import { useDeferredValue, useMemo } from "react";
import type { RunLog } from "../run-log";
import { FilteredLines, type LevelFilter } from "./line-buffer";

const route = getRouteApi("/runs/$runId");
export const LEVELS: readonly LevelFilter[] = ["all", "logs", "warning", "error"];

/** The filter that stands in the address, and the lines that pass it. */
export function useConsoleFilter(log: RunLog) {
  const { level: asked, q = "", node = "", line } = route.useSearch();
  const navigate = route.useNavigate();
  const level = LEVELS.find((each) => each === asked) ?? "all";
  const search = useDeferredValue(q.toLowerCase());
  const view = useMemo(
    () => new FilteredLines(log.lines, { level, search, node }),
    [log, level, search, node],
  );
  view.update();
  const change = (part: { level?: string; q?: string; node?: string; line?: number }) =>
    void navigate({
      search: (now) => {
        const next = { ...now, ...part };
        return {
          ...next,
          level: next.level === "all" ? undefined : next.level,
          q: next.q || undefined,
          node: next.node || undefined,
        };
      },
      replace: true,
    });
  return {
    view,
    level,
    search: q,
    node,
    selectedSeq: line,
    change,
    isFiltered: level !== "all" || q !== "" || node !== "",
  };
}
