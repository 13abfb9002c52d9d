import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { getRun } from "@/shared/api/get-run";
import { listRuns } from "@/shared/api/list-runs";
import type { Run } from "@/shared/api/types";
import { RunLink } from "./run-link";
import { runText } from "./text";

const CHILDREN_SHOWN = 4;

/** A run of which only the id is known: the one that started this one, or that it retries. */
export function OtherRun({ runId }: { runId: string }) {
  const { data } = useQuery({ ...getRun(runId), staleTime: 30_000 });
  return <RunLink runId={runId} run={data} />;
}

/** The runs that this one has started, kept true by the feed of all runs. */
export function ChildRuns({ run }: { run: Run }) {
  const children = useInfiniteQuery(listRuns({ parent: run.run_id }));
  const known = new Map(
    children.data?.pages.flatMap((page) => page.items).map((child) => [child.run_id, child]) ?? [],
  );
  return (
    <span className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-0.5">
      {run.children.slice(0, CHILDREN_SHOWN).map((runId) => (
        <RunLink key={runId} runId={runId} run={known.get(runId)} />
      ))}
      {run.children.length > CHILDREN_SHOWN && (
        <Link to="/runs" search={{ parent: run.run_id }} className="underline">
          {runText.allChildren(run.children.length)}
        </Link>
      )}
    </span>
  );
}
