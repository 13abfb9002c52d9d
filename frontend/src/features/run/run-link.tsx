import { Link } from "@tanstack/react-router";
import type { Run } from "@/shared/api/types";
import { ShortId } from "@/shared/ui/short-id";
import { StatusBadge } from "@/shared/ui/status-badge";

/** Another run: its name and how it is, or its id while no more is known. */
export function RunLink({ runId, run }: { runId: string; run: Run | undefined }) {
  return (
    <Link
      to="/runs/$runId"
      params={{ runId }}
      className="inline-flex min-h-6 max-w-full min-w-0 items-center gap-1.5 rounded hover:underline"
    >
      <span className="truncate">
        {run ? run.name : <ShortId id={runId} className="font-mono text-xs" />}
      </span>
      {run && <StatusBadge status={run.status} look="line" className="text-xs" />}
    </Link>
  );
}
