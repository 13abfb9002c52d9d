import { useQuery } from "@tanstack/react-query";
import { Search, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { RunFilters } from "@/shared/api/keys";
import { listWorkflows } from "@/shared/api/list-workflows";
import { RUN_STATUSES, statusLook } from "@/shared/status";
import { text } from "@/shared/text";
import { Button } from "@/shared/ui/button";
import { ShortId } from "@/shared/ui/short-id";

const TYPING_PAUSE_MS = 250;

interface RunFilterBarProps {
  filters: RunFilters;
  onChange: (filters: RunFilters) => void;
}

/** The filters are the address of the page: a view can be kept as a bookmark and sent as a link. */
export function RunFilterBar({ filters, onChange }: RunFilterBarProps) {
  const workflows = useQuery(listWorkflows());
  const names = new Set([
    ...(workflows.data ?? []).map(({ name }) => name),
    ...(filters.workflow ? [filters.workflow] : []),
  ]);
  const isFiltered = Object.values(filters).some(Boolean);
  return (
    <search aria-label={text.runs.filters} className="flex flex-wrap items-center gap-2">
      <NameFilter
        key={filters.name === undefined ? "empty" : "typed"}
        filters={filters}
        onChange={onChange}
      />
      <select
        aria-label={text.runs.status}
        value={filters.status ?? ""}
        onChange={(event) => onChange({ ...filters, status: event.target.value || undefined })}
        className="field w-auto"
      >
        <option value="">{text.runs.anyStatus}</option>
        {RUN_STATUSES.map((status) => (
          <option key={status} value={status}>
            {statusLook(status).word}
          </option>
        ))}
      </select>
      <select
        aria-label={text.runs.workflow}
        value={filters.workflow ?? ""}
        onChange={(event) => onChange({ ...filters, workflow: event.target.value || undefined })}
        className="field w-auto max-w-48"
      >
        <option value="">{text.runs.anyWorkflow}</option>
        {[...names].map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      {filters.parent && <Related word={text.runs.childrenOf} id={filters.parent} />}
      {filters.thread_id && <Related word={text.runs.ofThread} id={filters.thread_id} />}
      {isFiltered && (
        <Button look="quiet" onClick={() => onChange({})}>
          <X aria-hidden className="size-3.5" />
          {text.common.clear}
        </Button>
      )}
    </search>
  );
}

/** A filter that comes with a link from elsewhere; it goes with the others. */
function Related({ word, id }: { word: string; id: string }) {
  return (
    <span className="inline-flex items-center gap-1.5 rounded-lg bg-neutral-soft px-2.5 py-1 text-sm text-neutral">
      {word} <ShortId id={id} className="font-mono text-xs" />
    </span>
  );
}

function NameFilter({ filters, onChange }: RunFilterBarProps) {
  const [typed, setTyped] = useState(filters.name ?? "");
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const type = (name: string) => {
    setTyped(name);
    clearTimeout(timer.current);
    timer.current = setTimeout(
      () => onChange({ ...filters, name: name.trim() || undefined }),
      TYPING_PAUSE_MS,
    );
  };
  return (
    <div className="relative min-w-40 flex-1 sm:max-w-64">
      <Search aria-hidden className="pointer-events-none absolute top-2 left-2.5 size-4 text-ink-faint" />
      <input
        type="search"
        aria-label={text.runs.name}
        placeholder={text.runs.namePlaceholder}
        value={typed}
        onChange={(event) => type(event.target.value)}
        className="field pl-8"
      />
    </div>
  );
}
