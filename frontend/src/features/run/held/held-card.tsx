import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { CirclePause } from "lucide-react";
import { useState } from "react";
import { keys } from "@/shared/api/keys";
import { listVersions } from "@/shared/api/list-versions";
import { migrateRuns } from "@/shared/api/migrate-runs";
import type { Run } from "@/shared/api/types";
import { isRealNode } from "@/shared/graph/real-nodes";
import { Button } from "@/shared/ui/button";
import { CommandList } from "@/shared/ui/command-list";
import { ErrorState } from "@/shared/ui/error-state";
import { heldText } from "../text";
import { type Missing, mendingCommand, missingIn, type Places, placesOf } from "./missing";
import { PlaceSelect } from "./place-select";

/** A run whose workflow has changed under it: why it does not move, and what mends it. */
export function HeldCard({ run }: { run: Run }) {
  const missing = missingIn(run.waiting_for);
  if (missing === null) return null;
  return <Held run={run} missing={missing} />;
}

function Held({ run, missing }: { run: Run; missing: Missing[] }) {
  const client = useQueryClient();
  const [places, setPlaces] = useState<Places>({});
  const newest = useQuery(listVersions(run.workflow)).data?.[0];
  const migrate = useMutation({
    mutationFn: () =>
      migrateRuns(run.workflow, {
        run_ids: [run.run_id],
        nodes: placesOf(missing, places, "node"),
        keys: placesOf(missing, places, "key"),
      }),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.run(run.run_id) }),
  });
  const refused = migrate.data?.refused[0];
  return (
    <section aria-label={heldText.title} className="card border-warn/40 p-4">
      <div className="flex items-center gap-2 text-sm">
        <CirclePause aria-hidden className="size-4 shrink-0 text-warn" strokeWidth={2.25} />
        <h2 className="font-semibold text-warn">{heldText.title}</h2>
      </div>
      <div className="mt-2 grid gap-4 md:grid-cols-2">
        <div className="flex min-w-0 flex-col gap-2 text-sm">
          <p className="break-words">{run.waiting_for}</p>
          <p className="text-ink-soft">{heldText.why}</p>
          <CommandList
            commands={[
              { what: heldText.command, command: mendingCommand(run.workflow, run.run_id, missing) },
            ]}
          />
        </div>
        <div className="flex min-w-0 flex-col gap-3">
          {newest &&
            missing.map(({ what, name }) => (
              <PlaceSelect
                key={`${what} ${name}`}
                label={heldText.place(what, name)}
                options={what === "node" ? newest.nodes.filter(isRealNode) : Object.keys(newest.keys)}
                onChange={(place) => setPlaces((now) => ({ ...now, [`${what} ${name}`]: place }))}
              />
            ))}
          <Button
            look="primary"
            disabled={migrate.isPending}
            onClick={() => migrate.mutate()}
            className="self-start"
          >
            {heldText.migrate}
          </Button>
          {refused && (
            <p role="alert" className="rounded-lg bg-bad-soft p-3 text-sm break-words">
              <span className="font-medium text-bad">{heldText.refused}</span> {refused.reason}
            </p>
          )}
          {migrate.data && !refused && (
            <p role="status" className="text-sm text-good">
              {heldText.migrated}
            </p>
          )}
          {migrate.isError && <ErrorState error={migrate.error} />}
        </div>
      </div>
    </section>
  );
}
