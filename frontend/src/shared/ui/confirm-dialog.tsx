import { type FormEvent, type ReactNode, useState } from "react";
import { text } from "@/shared/text";
import { Button } from "./button";
import { Dialog } from "./dialog";
import { ErrorState } from "./error-state";

export interface ConfirmWords {
  title: string;
  why: string;
  confirm: string;
  /** What the way out is called: "Keep it running" says more than "Cancel". */
  keep: string;
}

interface ConfirmDialogProps {
  words: ConfirmWords;
  /** A reason may be given; it stands in the audit log. */
  hasReason?: boolean;
  isDanger?: boolean;
  isPending: boolean;
  error: unknown;
  onConfirm: (reason: string) => void;
  onClose: () => void;
  children?: ReactNode;
}

/** A question before something that can't be undone. It is there as long as it is rendered. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { words, hasReason = false, isDanger = true, isPending, error, onConfirm, onClose, children } = props;
  const [reason, setReason] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onConfirm(reason.trim());
  };
  return (
    <Dialog title={words.title} isOpen onClose={onClose}>
      <form onSubmit={submit}>
        <p className="mt-1 text-sm text-ink-soft">{words.why}</p>
        {children}
        {hasReason && (
          <label className="mt-4 flex flex-col gap-1 text-sm font-medium">
            {text.command.reason}
            <input
              value={reason}
              maxLength={2000}
              onChange={(event) => setReason(event.target.value)}
              className="field font-normal"
            />
          </label>
        )}
        {error != null && <ErrorState error={error} className="mt-3" />}
        <div className="mt-5 flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>{words.keep}</Button>
          <Button type="submit" look={isDanger ? "danger" : "primary"} disabled={isPending}>
            {words.confirm}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
