import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { PencilLine } from "lucide-react";
import { type FormEvent, useState } from "react";
import { getWorkflow } from "@/shared/api/get-workflow";
import { keys } from "@/shared/api/keys";
import { isRealNode } from "@/shared/graph/real-nodes";
import { JsonEditor } from "@/shared/json/json-editor";
import { text } from "@/shared/text";
import { Button } from "@/shared/ui/button";
import { Dialog } from "@/shared/ui/dialog";
import { ErrorState } from "@/shared/ui/error-state";
import { updateState } from "./api/update-state";

interface ChangeStateProps {
  threadId: string;
  workflow: string;
  checkpointId: string;
}

/** Writes into the state as a node would; the checkpoint that stands there stays as it is. */
export function ChangeStateAction(props: ChangeStateProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <PencilLine aria-hidden className="size-3.5" />
        {text.thread.change}
      </Button>
      <Dialog title={text.thread.change} isOpen={isOpen} onClose={() => setOpen(false)}>
        <ChangeForm {...props} onClose={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

function ChangeForm({
  threadId,
  workflow,
  checkpointId,
  onClose,
}: ChangeStateProps & { onClose: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const graph = useQuery(getWorkflow(workflow)).data?.graph;
  const [asNode, setAsNode] = useState("");
  const [values, setValues] = useState<unknown>({});
  const [fault, setFault] = useState<string | null>(null);
  const change = useMutation({
    mutationFn: () =>
      updateState(threadId, {
        values,
        checkpoint_id: checkpointId,
        ...(asNode ? { as_node: asNode } : {}),
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keys.thread(threadId) });
      onClose();
      // The new checkpoint is the newest one.
      await navigate({ to: "/threads/$threadId", params: { threadId }, search: {}, replace: true });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate();
  };
  const names = graph?.nodes.map(({ id }) => id).filter(isRealNode) ?? [];
  return (
    <form onSubmit={submit}>
      <p className="mt-1 text-sm text-ink-soft">{text.thread.changeWhy}</p>
      <label className="mt-4 flex flex-col gap-1 text-sm font-medium">
        {text.thread.asNode}
        <select
          value={asNode}
          onChange={(event) => setAsNode(event.target.value)}
          className="field font-normal"
        >
          <option value="">{text.thread.asLast}</option>
          {names.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <p aria-hidden className="mt-3 mb-1 text-sm font-medium">
        {text.thread.values}
      </p>
      <JsonEditor
        label={text.thread.valuesRaw}
        value={values}
        onChange={setValues}
        fault={fault}
        onFault={setFault}
        className="min-h-32"
      />
      {change.isError && <ErrorState error={change.error} className="mt-3" />}
      <div className="mt-5 flex justify-end gap-2">
        <Button onClick={onClose}>{text.common.cancel}</Button>
        <Button type="submit" look="primary" disabled={change.isPending || fault !== null}>
          {change.isPending ? text.thread.changing : text.thread.change}
        </Button>
      </div>
    </form>
  );
}
