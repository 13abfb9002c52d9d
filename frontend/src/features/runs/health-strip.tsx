import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleAlert, CircleCheck, CircleHelp, CircleX } from "lucide-react";
import { getHealth } from "@/shared/api/get-health";
import type { Health } from "@/shared/api/types";
import { cx } from "@/shared/class-names";
import { text } from "@/shared/text";
import { duration } from "@/shared/time";

const LOOKS = {
  ok: { icon: CircleCheck, tone: "text-good" },
  degraded: { icon: CircleAlert, tone: "text-warn" },
  failing: { icon: CircleX, tone: "text-bad" },
  unknown: { icon: CircleHelp, tone: "text-ink-faint" },
} as const;

/** One line that says whether all is well, and what waits for somebody. */
export function HealthStrip() {
  const { data } = useQuery(getHealth());
  const status = data?.status ?? "unknown";
  const { icon: Icon, tone } = LOOKS[status];
  return (
    <section
      aria-label={text.health.label}
      className="flex flex-wrap items-center gap-x-5 gap-y-1 text-sm text-ink-soft"
    >
      <span className={cx("flex items-center gap-1.5 font-medium", tone)}>
        <Icon aria-hidden className="size-4" strokeWidth={2.25} />
        {text.health[status]}
      </span>
      {data && <Facts health={data} />}
    </section>
  );
}

function Facts({ health }: { health: Health }) {
  const { hosts, runs } = health;
  const alive = hosts.filter((host) => host.is_alive).length;
  const reasons = reasonsOf(health);
  return (
    <>
      {reasons.map((reason) => (
        <span key={reason} className="text-warn">
          {reason}
        </span>
      ))}
      <span>{text.health.hosts(alive, Math.max(alive, hosts.length))}</span>
      <Count status="running" count={runs.running ?? 0} word={text.health.running} />
      <Count status="queued" count={runs.queued ?? 0} word={text.health.queued} />
      {(runs.interrupted ?? 0) > 0 && (
        <Count
          status="interrupted"
          count={runs.interrupted ?? 0}
          word={text.health.needsAnswer(runs.interrupted ?? 0)}
          tone="text-person"
        />
      )}
      {(runs.failed ?? 0) > 0 && (
        <Count status="failed" count={runs.failed ?? 0} word={text.health.failed} tone="text-bad" />
      )}
      {health.oldest_queued_seconds !== null && health.oldest_queued_seconds > 5 && (
        <span className="text-warn">{text.health.oldest(duration(health.oldest_queued_seconds * 1000))}</span>
      )}
      {health.stranded_runs > 0 && (
        <Link to="/actors" className="rounded font-medium text-bad hover:underline">
          {text.health.stranded(health.stranded_runs)}
        </Link>
      )}
    </>
  );
}

interface CountProps {
  status: string;
  count: number;
  word: string;
  tone?: string;
}

function Count({ status, count, word, tone }: CountProps) {
  return (
    <Link to="/runs" search={{ status }} className={cx("rounded hover:underline", tone)}>
      <b className="tabular font-semibold">{count.toLocaleString("en")}</b> {word}
    </Link>
  );
}

/** Only newer servers say why. */
function reasonsOf(health: Health): string[] {
  const reasons = (health as { reasons?: unknown }).reasons;
  return Array.isArray(reasons) ? reasons.filter((reason) => typeof reason === "string") : [];
}
