import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { keys } from "@/shared/api/keys";
import type { ApiKeyRow } from "@/shared/api/types";
import { text } from "@/shared/text";
import { Button } from "@/shared/ui/button";
import { ConfirmDialog } from "@/shared/ui/confirm-dialog";
import { revokeKey } from "./api/keys";

export function RevokeKey({ row }: { row: ApiKeyRow }) {
  const client = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const revoke = useMutation({
    mutationFn: () => revokeKey(row.key_id),
    onSuccess: async () => {
      setOpen(false);
      await client.invalidateQueries({ queryKey: keys.apiKeys() });
    },
  });
  return (
    <>
      <Button
        size="small"
        look="danger"
        aria-label={text.keys.revokeNamed(row.name)}
        onClick={() => setOpen(true)}
      >
        {text.keys.revoke}
      </Button>
      {isOpen && (
        <ConfirmDialog
          words={text.keys.ask}
          isPending={revoke.isPending}
          error={revoke.error}
          onConfirm={() => revoke.mutate()}
          onClose={() => {
            revoke.reset();
            setOpen(false);
          }}
        />
      )}
    </>
  );
}
