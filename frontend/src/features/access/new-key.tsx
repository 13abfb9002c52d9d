import { useMutation, useQueryClient } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { type FormEvent, useState } from "react";
import { keys } from "@/shared/api/keys";
import type { CreatedKey, Role } from "@/shared/api/types";
import { text } from "@/shared/text";
import { Button } from "@/shared/ui/button";
import { Dialog } from "@/shared/ui/dialog";
import { ErrorState } from "@/shared/ui/error-state";
import { createKey } from "./api/keys";
import { keysText } from "./text";

const ROLES: readonly Role[] = ["read", "run", "operate"];

export function NewKey({ onCreated }: { onCreated: (key: CreatedKey) => void }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <KeyRound aria-hidden className="size-3.5" />
        {keysText.make}
      </Button>
      <Dialog title={keysText.makeTitle} isOpen={isOpen} onClose={() => setOpen(false)}>
        <Form onCreated={onCreated} onClose={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

interface FormProps {
  onCreated: (key: CreatedKey) => void;
  onClose: () => void;
}

function Form({ onCreated, onClose }: FormProps) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("operate");
  const create = useMutation({
    mutationFn: () => createKey({ name: name.trim(), role }),
    onSuccess: async (key) => {
      onCreated(key);
      onClose();
      await client.invalidateQueries({ queryKey: keys.apiKeys() });
      await client.invalidateQueries({ queryKey: keys.caller() });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <form onSubmit={submit}>
      <label className="mt-3 flex flex-col gap-1 text-sm font-medium">
        {keysText.name}
        <input
          value={name}
          required
          maxLength={100}
          onChange={(event) => setName(event.target.value)}
          className="field font-normal"
        />
        <span className="text-xs font-normal text-ink-faint">{keysText.nameHint}</span>
      </label>
      <label className="mt-3 flex flex-col gap-1 text-sm font-medium">
        {keysText.role}
        <select
          value={role}
          onChange={(event) => setRole(event.target.value as Role)}
          className="field font-normal"
        >
          {ROLES.map((each) => (
            <option key={each} value={each}>
              {each}: {text.access.may[each]}
            </option>
          ))}
        </select>
      </label>
      {create.isError && <ErrorState error={create.error} className="mt-3" />}
      <div className="mt-5 flex justify-end gap-2">
        <Button onClick={onClose}>{text.common.cancel}</Button>
        <Button type="submit" look="primary" disabled={create.isPending || name.trim() === ""}>
          {keysText.make}
        </Button>
      </div>
    </form>
  );
}
