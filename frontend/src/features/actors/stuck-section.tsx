import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleCheck, Siren } from "lucide-react";
import type { Stuck, StuckThing } from "@/shared/api/types";
import { cx } from "@/shared/class-names";
import { text } from "@/shared/text";
import { CommandList } from "@/shared/ui/command-list";
import { ErrorState } from "@/shared/ui/error-state";
import { ShortId } from "@/shared/ui/short-id";
import { TimeText } from "@/shared/ui/time-text";
import { getStuck } from "./api/get-stuck";
import { stuckText } from "./text";

/** The red light, and all that does not go on by itself, each with what mends it. */
export function StuckSection() {
  const query = useQuery(getStuck());
  if (query.isError) return <ErrorState error={query.error} onRetry={() => query.refetch()} />;
  if (!query.data) return null;
  return (
    <section aria-label={stuckText.title} className="flex flex-col gap-3">
      <Light stuck={query.data} />
      {query.data.things.length > 0 && <Things stuck={query.data} />}
    </section>
  );
}

function Light({ stuck }: { stuck: Stuck }) {
  const { is_red: isRed, counts } = stuck;
  const Icon = isRed ? Siren : CircleCheck;
  return (
    <div
      role={isRed ? "alert" : undefined}
      data-light={isRed ? "red" : "green"}
      className={cx(
        "card flex items-center gap-3 px-4 py-2.5 text-sm",
        isRed ? "border-bad bg-bad-soft" : "border-line",
      )}
    >
      <Icon aria-hidden className={cx("size-5 shrink-0", isRed ? "text-bad" : "text-good")} />
      <p>
        <span className={cx("font-semibold", isRed ? "text-bad" : "text-good")}>
          {isRed ? stuckText.red(counts.stranded ?? 0) : stuckText.green}
        </span>{" "}
        <span className="text-ink-soft">{isRed ? stuckText.redWhy : stuckText.greenWhy}</span>
      </p>
    </div>
  );
}

function Things({ stuck }: { stuck: Stuck }) {
  const all = Object.values(stuck.counts).reduce((sum, count) => sum + count, 0);
  const more = all - stuck.things.length;
  return (
    <div className="card overflow-hidden">
      <h2 className="border-b border-line px-4 py-2.5 text-sm font-medium">{stuckText.title}</h2>
      <ul
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
        tabIndex={0}
        aria-label={stuckText.title}
        className="max-h-96 overflow-y-auto -outline-offset-2"
      >
        {stuck.things.map((thing) => (
          <Thing key={`${thing.kind} ${thing.run_id ?? thing.workflow ?? thing.host}`} thing={thing} />
        ))}
      </ul>
      {more > 0 && <p className="px-4 py-2 text-xs text-ink-faint">{stuckText.more(more)}</p>}
    </div>
  );
}

function Thing({ thing }: { thing: StuckThing }) {
  const isRed = thing.kind === "stranded";
  return (
    <li className="grid gap-x-6 gap-y-2 border-b border-line/70 px-4 py-3 text-sm last:border-0 lg:grid-cols-2">
      <div className="min-w-0">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <span className={cx("font-medium", isRed ? "text-bad" : "text-warn")}>
            {stuckText.kinds[thing.kind] ?? thing.kind}
          </span>
          {thing.run_id && (
            <Link to="/runs/$runId" params={{ runId: thing.run_id }} className="underline">
              {thing.workflow ?? text.runs.one} <ShortId id={thing.run_id} className="font-mono text-xs" />
            </Link>
          )}
          {!thing.run_id && thing.workflow && <span>{thing.workflow}</span>}
          {thing.since && (
            <span className="text-xs text-ink-faint">
              {stuckText.since} <TimeText at={thing.since} />
            </span>
          )}
        </p>
        <p className="mt-0.5 break-words text-ink-soft">{thing.reason}</p>
      </div>
      <CommandList commands={[{ what: stuckText.mend, command: thing.command }]} />
    </li>
  );
}
