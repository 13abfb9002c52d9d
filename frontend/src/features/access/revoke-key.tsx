import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { keys } from "@/shared/api/keys";
import type { ApiKeyRow } from "@/shared/api/types";
import { Button } from "@/shared/ui/button";
import { ConfirmDialog } from "@/shared/ui/confirm-dialog";
import { revokeKey } from "./api/keys";
import { keysText } from "./text";

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
        aria-label={keysText.revokeNamed(row.name)}
        onClick={() => setOpen(true)}
      >
        {keysText.revoke}
      </Button>
      {isOpen && (
        <ConfirmDialog
          words={keysText.ask}
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
