import { useQuery } from "@tanstack/react-query";
import { getCaller } from "@/shared/api/get-caller";
import { commandsFor, type RunCommand, type Standing } from "./commands";

/** What this page's key may do to a run as it stands. */
export function useCommands(run: Standing): RunCommand[] {
  const roles = useQuery(getCaller()).data?.roles;
  return commandsFor(run, (role) => roles?.includes(role) ?? true);
}
