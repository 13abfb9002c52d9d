import { Pause } from "lucide-react";
import { useState } from "react";
import { useMay } from "@/shared/api/get-caller";
import { text } from "@/shared/text";
import { Button } from "@/shared/ui/button";
import { ConfirmDialog } from "@/shared/ui/confirm-dialog";
import { useServerPause } from "./use-server-pause";

const WORDS = {
  title: text.paused.pauseServerTitle,
  why: text.paused.pauseServerWhy,
  confirm: text.paused.pauseServer,
  keep: text.paused.goOn,
};

/** Pauses the whole server after a question; the banner on every page lets it go on. */
export function PauseServer() {
  const mayOperate = useMay("operate");
  const { isPaused, change } = useServerPause();
  const [isOpen, setOpen] = useState(false);
  if (!mayOperate || isPaused) return null;
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <Pause aria-hidden className="size-3.5" />
        {text.paused.pauseServer}
      </Button>
      {isOpen && (
        <ConfirmDialog
          words={WORDS}
          hasReason
          isDanger={false}
          isPending={change.isPending}
          error={change.error}
          onConfirm={(reason) => change.mutate({ to: true, reason }, { onSuccess: () => setOpen(false) })}
          onClose={() => {
            change.reset();
            setOpen(false);
          }}
        />
      )}
    </>
  );
}
