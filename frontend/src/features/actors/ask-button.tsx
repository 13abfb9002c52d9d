import { useMutation } from "@tanstack/react-query";
import type { LucideIcon } from "lucide-react";
import { useRef, useState } from "react";
import { IdempotencyKeys } from "@/shared/api/idempotency";
import type { HostCommand } from "@/shared/api/types";
import { Button } from "@/shared/ui/button";
import { ConfirmDialog } from "@/shared/ui/confirm-dialog";
import { actorsText } from "./text";

interface AskButtonProps {
  action: "restart" | "stop" | "drain";
  icon: LucideIcon;
  ask: (reason: string, key: string) => Promise<HostCommand>;
  onAsked: (command: HostCommand) => void;
}

/** Something that ends an actor or a host: asked after a question. */
export function AskButton({ action, icon: Icon, ask, onAsked }: AskButtonProps) {
  const keyOf = useRef(new IdempotencyKeys());
  const [isOpen, setOpen] = useState(false);
  const tell = useMutation({
    mutationFn: (reason: string) => ask(reason, keyOf.current.keyFor(`${action} ${reason}`)),
    onSuccess: (command) => {
      // Asking for the same once more is meant as another time.
      keyOf.current.spent();
      onAsked(command);
      setOpen(false);
    },
  });
  return (
    <>
      <Button size="small" look="danger" onClick={() => setOpen(true)}>
        <Icon aria-hidden className="size-3.5" />
        {actorsText.actions[action]}
      </Button>
      {isOpen && (
        <ConfirmDialog
          words={actorsText.ask[action]}
          hasReason
          isPending={tell.isPending}
          error={tell.error}
          onConfirm={(reason) => tell.mutate(reason)}
          onClose={() => {
            tell.reset();
            setOpen(false);
          }}
        />
      )}
    </>
  );
}
