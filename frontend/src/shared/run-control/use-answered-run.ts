import { useQueryClient } from "@tanstack/react-query";
import { keys } from "@/shared/api/keys";
import type { Run } from "@/shared/api/types";
import { type RunPages, withRun } from "@/shared/feed/run-pages";

/** Writes the run that a command has answered with into the cache, for the run's page and every list. */
export function useAnsweredRun(): (run: Run) => void {
  const client = useQueryClient();
  return (run) => {
    client.setQueryData<Run>(keys.run(run.run_id), (now) => (now && now.last_seq > run.last_seq ? now : run));
    client.setQueriesData<RunPages>({ queryKey: keys.runs() }, (data) => data && withRun(data, run));
    void client.invalidateQueries({ queryKey: keys.run(run.run_id) });
  };
}
