import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { X } from "lucide-react";
import { getRun } from "@/shared/api/get-run";
import { ApiProblem } from "@/shared/api/problem";
import type { Actor, Run } from "@/shared/api/types";
import { cx } from "@/shared/class-names";
import { CommandMenu } from "@/shared/run-control/command-menu";
import { useCommands } from "@/shared/run-control/use-commands";
import { text } from "@/shared/text";
import { Button } from "@/shared/ui/button";
import { CopyButton } from "@/shared/ui/copy-button";
import { ErrorState } from "@/shared/ui/error-state";
import { ShortId } from "@/shared/ui/short-id";
import { ActorActions } from "./actor-actions";
import { ActorBadge } from "./actor-badge";
import { factsOf } from "./actor-facts";
import { getActor } from "./api/get-actors";
import { actorsText } from "./text";

interface ActorPanelProps {
  actorId: string;
  /** As the tree has it, until it was asked for alone. */
  known: Actor | null;
  onClose: () => void;
}

/** One actor: all that is known of it, and what can be done. */
export function ActorPanel({ actorId, known, onClose }: ActorPanelProps) {
  const query = useQuery(getActor(actorId));
  const actor = query.data ?? known;
  const isGone = query.error instanceof ApiProblem && query.error.status === 404;
  return (
    <section aria-label={actor?.kind ?? actorsText.columns.actor} className="card min-w-0 p-4">
      <div className="flex items-start gap-2">
        <div className="min-w-0 flex-1">
          <h2 className="text-sm font-semibold">{actor?.kind ?? actorsText.columns.actor}</h2>
          <p className="flex items-center">
            <code className="min-w-0 font-mono text-xs break-all text-ink-faint">
              {actor?.key ?? actorId}
            </code>
            <CopyButton value={actor?.id ?? actorId} />
          </p>
        </div>
        <Button
          look="quiet"
          size="icon"
          aria-label={text.common.close}
          title={text.common.close}
          onClick={onClose}
        >
          <X aria-hidden className="size-4" />
        </Button>
      </div>
      {isGone && <p className="mt-2 text-sm text-warn">{actorsText.gone}</p>}
      {query.isError && !isGone && <ErrorState error={query.error} className="mt-2" />}
      {actor && <Details actor={actor} isGone={isGone} />}
    </section>
  );
}

function Details({ actor, isGone }: { actor: Actor; isGone: boolean }) {
  return (
    <>
      {!isGone && <ActorBadge actor={actor} className="mt-1 text-sm" />}
      <dl className="mt-3 grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 text-sm">
        {actor.run_id && (
          <>
            <dt className="text-ink-faint">{actorsText.facts.run}</dt>
            <dd>
              <Link to="/runs/$runId" params={{ runId: actor.run_id }} className="underline">
                <span className="sr-only">{actorsText.facts.run} </span>
                <ShortId id={actor.run_id} className="font-mono text-xs" />
              </Link>
            </dd>
          </>
        )}
        {factsOf(actor).map(({ name, value, isBad }) => (
          <FactRow key={name} name={name} value={value} isBad={isBad === true} />
        ))}
      </dl>
      {!isGone && <ActorActions key={actor.id} actor={actor} />}
      {actor.run_id && !isGone && <RunOfActor runId={actor.run_id} />}
    </>
  );
}

function FactRow({ name, value, isBad }: { name: string; value: string; isBad: boolean }) {
  return (
    <>
      <dt className="text-ink-faint">{name}</dt>
      <dd className={cx("tabular min-w-0 break-words", isBad && "text-bad")}>{value}</dd>
    </>
  );
}

/** The run behind an actor has commands of its own: quarantine and release are among them. */
function RunOfActor({ runId }: { runId: string }) {
  const run = useQuery(getRun(runId)).data;
  return run ? <RunMenu run={run} /> : null;
}

function RunMenu({ run }: { run: Run }) {
  return (
    <div className="mt-2">
      <CommandMenu run={run} commands={useCommands(run)} label={actorsText.runActions} hasLabel />
    </div>
  );
}
