import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { forkRun } from "@/shared/api/command-run";
import { getWorkflow } from "@/shared/api/get-workflow";
import { IdempotencyKeys } from "@/shared/api/idempotency";
import { listHistory } from "@/shared/api/list-history";
import type { Run, ThreadCheckpoint } from "@/shared/api/types";
import { isRealNode } from "@/shared/graph/real-nodes";
import { text } from "@/shared/text";
import { Button } from "@/shared/ui/button";
import { Dialog } from "@/shared/ui/dialog";
import { ErrorState } from "@/shared/ui/error-state";
import { StateChange } from "./state-change";

/** Begins a new run at a checkpoint of this one and opens its page. */
export function ForkDialog({ run, onClose }: { run: Run; onClose: () => void }) {
  const navigate = useNavigate();
  const keyOf = useRef(new IdempotencyKeys());
  const [checkpoint, setCheckpoint] = useState("");
  const [asNode, setAsNode] = useState("");
  const [update, setUpdate] = useState<unknown>(null);
  const history = useInfiniteQuery(listHistory(run.thread_id));
  const nodes = useQuery(getWorkflow(run.workflow)).data?.graph.nodes.map(({ id }) => id) ?? [];
  const own = history.data?.pages.flatMap(({ items }) => items).filter(({ run_id }) => run_id === run.run_id);
  // The newest checkpoints of the thread may be of later runs.
  const isFurtherDown = own?.length === 0 && history.hasNextPage;
  const { fetchNextPage } = history;
  useEffect(() => {
    if (isFurtherDown && !history.isFetching && !history.isError) void fetchNextPage();
  }, [isFurtherDown, history.isFetching, history.isError, fetchNextPage]);
  const chosen = checkpoint || own?.[0]?.checkpoint_id || "";
  const fork = useMutation({
    mutationFn: () => {
      const body = {
        checkpoint_id: chosen,
        ...(update === null ? {} : { update, ...(asNode ? { as_node: asNode } : {}) }),
      };
      return forkRun(run.run_id, body, keyOf.current.keyFor(JSON.stringify(body)));
    },
    onSuccess: async ({ run_id }) => {
      onClose();
      await navigate({ to: "/runs/$runId", params: { runId: run_id } });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    fork.mutate();
  };
  return (
    <Dialog title={text.command.forkTitle} isOpen onClose={onClose}>
      <form onSubmit={submit}>
        <p className="mt-1 text-sm text-ink-soft">{text.command.forkWhy}</p>
        {own?.length === 0 && !history.hasNextPage ? (
          <p className="mt-4 text-sm text-warn">{text.command.forkNone}</p>
        ) : (
          <label className="mt-4 flex flex-col gap-1 text-sm font-medium">
            {text.command.forkFrom}
            <select
              value={chosen}
              onChange={(event) => setCheckpoint(event.target.value)}
              className="field font-normal"
            >
              {own?.map((each, at) => (
                <option key={each.checkpoint_id} value={each.checkpoint_id}>
                  {nameOf(each, at === 0)}
                </option>
              ))}
            </select>
          </label>
        )}
        {history.hasNextPage && !isFurtherDown && (
          <Button
            size="small"
            className="mt-2"
            disabled={history.isFetchingNextPage}
            onClick={() => history.fetchNextPage()}
          >
            {text.common.more}
          </Button>
        )}
        <StateChange onChange={setUpdate} />
        {update !== null && (
          <label className="mt-3 flex flex-col gap-1 text-sm font-medium">
            {text.thread.asNode}
            <select
              value={asNode}
              onChange={(event) => setAsNode(event.target.value)}
              className="field font-normal"
            >
              <option value="">{text.command.dueStays}</option>
              {nodes.filter(isRealNode).map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
        )}
        {history.isError && <ErrorState error={history.error} className="mt-3" />}
        {fork.isError && <ErrorState error={fork.error} className="mt-3" />}
        <div className="mt-5 flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>{text.common.cancel}</Button>
          <Button
            type="submit"
            look="primary"
            disabled={fork.isPending || update === undefined || chosen === ""}
          >
            {fork.isPending ? text.command.working : text.command.forkConfirm}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function nameOf({ step, source, next }: ThreadCheckpoint, isNewest: boolean): string {
  const due = next.length > 0 ? text.thread.next(next.join(", ")) : text.thread.end;
  const name = `${text.thread.at(step, text.thread.source(source))}: ${due}`;
  return isNewest ? `${name} (${text.command.newest})` : name;
}
