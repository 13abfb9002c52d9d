import { useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound, LogOut } from "lucide-react";
import { apiKey, useApiKey } from "@/shared/api/api-key";
import { getCaller } from "@/shared/api/get-caller";
import type { Role } from "@/shared/api/types";
import { text } from "@/shared/text";
import { Button } from "@/shared/ui/button";

const DOWNWARDS: readonly Role[] = ["operate", "run", "read"];

/** Whose key this page uses and what it allows; nothing where the server asks for none. */
export function KeyChip() {
  const client = useQueryClient();
  const { key } = useApiKey();
  const { data } = useQuery({ ...getCaller(), enabled: key !== null });
  if (key === null) return null;
  const highest = DOWNWARDS.find((role) => data?.roles.includes(role));
  const forget = () => {
    apiKey.forget();
    client.clear();
  };
  return (
    <div className="flex min-w-0 items-center gap-1.5 text-xs text-ink-soft">
      <KeyRound aria-hidden className="size-3.5 shrink-0 text-ink-faint" />
      <span className="min-w-0 flex-1 max-md:sr-only" title={highest && text.access.may[highest]}>
        <span className="sr-only">{text.access.you} </span>
        <span className="block truncate">{data?.name ?? text.access.key}</span>
        {highest && <span className="block text-ink-faint">{text.access.may[highest]}</span>}
      </span>
      <Button
        look="quiet"
        size="icon"
        aria-label={text.access.forget}
        title={text.access.forget}
        onClick={forget}
      >
        <LogOut aria-hidden className="size-3.5" />
      </Button>
    </div>
  );
}
