import { CirclePause, CircleX, HeartPulse, LogOut } from "lucide-react";
import { useState } from "react";
import { useMay } from "@/shared/api/get-caller";
import type { Host, HostCommand } from "@/shared/api/types";
import { cx } from "@/shared/class-names";
import { ShortId } from "@/shared/ui/short-id";
import { TimeText } from "@/shared/ui/time-text";
import { drainHost } from "./api/ask-host";
import { AskButton } from "./ask-button";
import { CommandOutcome } from "./command-outcome";
import { type Figure, figuresOf } from "./host-figures";
import { actorsText, hostsText } from "./text";

/** One host with its figures; those that should be 0 and are not stand out. */
export function HostCard({ host }: { host: Host }) {
  const mayOperate = useMay("operate");
  const [asked, setAsked] = useState<HostCommand | null>(null);
  const isDraining = host.figures.is_draining;
  return (
    <li className="card p-4">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <h3 className="text-sm font-semibold">
          {host.address} <ShortId id={host.boot_id} />
        </h3>
        <Life host={host} />
        {mayOperate && host.is_alive && !isDraining && (
          <span className="ml-auto">
            <AskButton
              action="drain"
              icon={LogOut}
              ask={(reason, key) => drainHost(host.boot_id, reason, key)}
              onAsked={setAsked}
            />
          </span>
        )}
      </div>
      <p className="mt-0.5 text-xs text-ink-faint">
        {hostsText.pid} {host.pid} · {host.version} · <TimeText at={host.started_at} /> ·{" "}
        {hostsText.runs(host.active_runs)}
      </p>
      <dl className="mt-3 grid grid-cols-[repeat(auto-fill,minmax(7.5rem,1fr))] gap-x-4 gap-y-2">
        {figuresOf(host).map((figure) => (
          <FigureCell key={figure.name} figure={figure} />
        ))}
      </dl>
      {asked && (
        <CommandOutcome asked={asked} word={actorsText.actions.drain} title={actorsText.actions.drain} />
      )}
    </li>
  );
}

function Life({ host }: { host: Host }) {
  const isDraining = host.figures.is_draining;
  const [Icon, word, tone] = !host.is_alive
    ? ([CircleX, host.ended_at ? hostsText.ended : hostsText.silent, "text-bad"] as const)
    : isDraining
      ? ([CirclePause, hostsText.draining, "text-warn"] as const)
      : ([HeartPulse, hostsText.alive, "text-good"] as const);
  return (
    <span
      className={cx("flex items-center gap-1.5 text-xs font-medium", tone)}
      title={host.ended_reason ?? undefined}
    >
      <Icon aria-hidden className="size-3.5" strokeWidth={2.25} />
      {word}
    </span>
  );
}

function FigureCell({ figure: { name, value, note, tone } }: { figure: Figure }) {
  return (
    <div className="min-w-0">
      <dt className="truncate text-xs text-ink-faint">{name}</dt>
      <dd
        className={cx(
          "tabular text-sm font-medium",
          tone === "bad" && "text-bad",
          tone === "warn" && "text-warn",
        )}
      >
        {value}
        {note && <span className="block text-xs font-normal text-ink-faint">{note}</span>}
      </dd>
    </div>
  );
}
