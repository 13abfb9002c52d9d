import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { keys } from "@/shared/api/keys";
import type { Run } from "@/shared/api/types";
import { type RunPages, withoutRun } from "@/shared/feed/run-pages";
import { text } from "@/shared/text";
import { Button } from "@/shared/ui/button";
import { Dialog } from "@/shared/ui/dialog";
import { ErrorState } from "@/shared/ui/error-state";
import { deleteRun } from "./api/delete-run";

export function DeleteAction({ run }: { run: Run }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [isOpen, setOpen] = useState(false);
  const remove = useMutation({
    mutationFn: () => deleteRun(run.run_id),
    onSuccess: async () => {
      client.setQueriesData<RunPages>(
        { queryKey: keys.runs() },
        (data) => data && withoutRun(data, run.run_id),
      );
      await navigate({ to: "/runs" });
      client.removeQueries({ queryKey: keys.run(run.run_id) });
    },
  });
  return (
    <>
      <Button look="danger" onClick={() => setOpen(true)}>
        <Trash2 aria-hidden className="size-3.5" />
        {text.run.delete}
      </Button>
      <Dialog title={text.run.deleteTitle} isOpen={isOpen} onClose={() => setOpen(false)}>
        <p className="mt-1 text-sm text-ink-soft">{text.run.deleteWhy}</p>
        {remove.isError && <ErrorState error={remove.error} className="mt-3" />}
        <div className="mt-5 flex justify-end gap-2">
          <Button onClick={() => setOpen(false)}>{text.run.keepIt}</Button>
          <Button look="danger" disabled={remove.isPending} onClick={() => remove.mutate()}>
            {text.run.deleteConfirm}
          </Button>
        </div>
      </Dialog>
    </>
  );
}
