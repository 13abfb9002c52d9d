import { CirclePause, Play } from "lucide-react";
import { useMay } from "@/shared/api/get-caller";
import { useServerPause } from "@/shared/pause/use-server-pause";
import { text } from "@/shared/text";
import { Button } from "@/shared/ui/button";
import { ErrorState } from "@/shared/ui/error-state";

/** Stands above every page while the whole server is paused. */
export function PausedBanner() {
  const mayOperate = useMay("operate");
  const { isPaused, change } = useServerPause();
  if (!isPaused) return null;
  return (
    <section
      aria-label={text.paused.server}
      className="flex flex-wrap items-center gap-x-3 gap-y-2 border-b border-warn/40 bg-warn-soft px-4 py-2 text-sm lg:px-6"
    >
      <CirclePause aria-hidden className="size-4 shrink-0 text-warn" strokeWidth={2.25} />
      <p className="min-w-0 flex-1 basis-60">
        <span className="font-semibold text-warn">{text.paused.server}.</span> {text.paused.serverWhy}
      </p>
      {mayOperate && (
        <Button
          size="small"
          disabled={change.isPending}
          onClick={() => change.mutate({ to: false, reason: "" })}
        >
          <Play aria-hidden className="size-3.5" />
          {text.paused.unpauseServer}
        </Button>
      )}
      {change.isError && <ErrorState error={change.error} className="w-full" />}
    </section>
  );
}
