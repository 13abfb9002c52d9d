import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { getCaller } from "@/shared/api/get-caller";
import type { ApiKeyRow, CreatedKey } from "@/shared/api/types";
import { text } from "@/shared/text";
import { CopyButton } from "@/shared/ui/copy-button";
import { ErrorState } from "@/shared/ui/error-state";
import { Skeleton } from "@/shared/ui/skeleton";
import { TimeText } from "@/shared/ui/time-text";
import { listKeys } from "./api/keys";
import { NewKey } from "./new-key";
import { RevokeKey } from "./revoke-key";
import { keysText } from "./text";

/** The keys that are kept in the store: make one, see who has one, revoke one. */
export function KeysSection() {
  const [created, setCreated] = useState<CreatedKey | null>(null);
  const query = useQuery(listKeys());
  const isRequired = useQuery(getCaller()).data?.is_required ?? true;
  return (
    <section aria-label={keysText.title} className="card overflow-hidden">
      <div className="flex flex-wrap items-center gap-3 border-b border-line px-4 py-2.5">
        <div className="min-w-0 flex-1 basis-60">
          <h2 className="text-sm font-medium">{keysText.title}</h2>
          <p className="text-sm text-ink-soft">{isRequired ? keysText.required : keysText.notRequired}</p>
        </div>
        <NewKey onCreated={setCreated} />
      </div>
      {created && <Created created={created} />}
      {query.isPending && <Skeleton rows={3} />}
      {query.isError && <ErrorState error={query.error} onRetry={() => query.refetch()} className="m-4" />}
      {query.data?.length === 0 && <p className="px-4 py-3 text-sm text-ink-faint">{keysText.none}</p>}
      <ul aria-label={keysText.title}>
        {query.data?.map((key) => (
          <Row key={key.key_id} row={key} />
        ))}
      </ul>
    </section>
  );
}

function Created({ created }: { created: CreatedKey }) {
  return (
    <div role="status" className="border-b border-line bg-good-soft px-4 py-3 text-sm">
      <p className="font-medium text-good">{keysText.created(created.name)}</p>
      <p className="text-ink-soft">{keysText.createdWhy}</p>
      <p className="mt-2 flex items-center gap-1">
        <code data-new-key className="min-w-0 rounded bg-surface px-2 py-1 font-mono text-xs break-all">
          {created.key}
        </code>
        <CopyButton value={created.key} />
      </p>
    </div>
  );
}

function Row({ row }: { row: ApiKeyRow }) {
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line/70 px-4 py-2 text-sm last:border-0">
      <span className="min-w-0 font-medium break-words">{row.name}</span>
      <span className="text-ink-soft">{text.access.may[row.role]}</span>
      {row.rate_limit && <span className="text-xs text-ink-faint">{row.rate_limit}</span>}
      <span className="text-xs text-ink-faint sm:ml-auto">
        {keysText.by(row.created_by)} <TimeText at={row.created_at} />
      </span>
      <RevokeKey row={row} />
    </li>
  );
}
