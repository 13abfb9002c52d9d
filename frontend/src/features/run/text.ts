/** What the page of a run says. */
import { plural } from "@/shared/text";

export const runText = {
  title: "Run",
  actions: "Actions",
  back: "All runs",
  again: "Run again",
  waitingFor: "Waiting for",
  created: "Created",
  started: "Started",
  duration: "Duration",
  thread: "Thread",
  parent: "Started by",
  children: "Child runs",
  allChildren: (count: number) => `all ${count.toLocaleString("en")}`,
  failedAt: (node: string | null, attempt: number | null) =>
    [node ? `in ${node}` : null, attempt ? `attempt ${attempt}` : null].filter(Boolean).join(", "),
  traceback: "Traceback",
  notFound: "There is no such run",
  notFoundWhy: "It may have been deleted, or the address is not complete.",
  deleted: "The run was deleted",
  view: "What to show",
  tabs: { console: "Console", artifacts: "Artifacts", state: "State", input: "Input", result: "Result" },
} as const;

export const consoleText = {
  label: "Console",
  follow: "Follow",
  level: "Level",
  levels: { all: "Everything", logs: "Logs only", warning: "Warnings up", error: "Errors only" },
  search: "Find in console",
  firstError: "First error",
  node: (node: string) => `only ${node}`,
  clearNode: (node: string) => `Show all nodes, not only ${node}`,
  lines: (shown: number, all: number) =>
    shown === all ? plural(all, "line") : `${shown.toLocaleString("en")} of ${plural(all, "line")}`,
  upTo: (seq: number) => `up to event ${seq.toLocaleString("en")}`,
  dropped: (count: number) => `${plural(count, "older line")} left this page; the log keeps them`,
  empty: "Nothing was written yet",
  emptyQueued: "The run is queued. Its lines appear here as they happen.",
  emptyFiltered: "No line matches",
  emptyFilteredWhy: "Change the level, the search or the node.",
  filled: (count: number, from: number, to: number) =>
    `${plural(count, "event")} (${from} to ${to}) did not arrive live and were read from the log`,
  lost: (count: number, from: number, to: number) =>
    `${plural(count, "event")} (${from} to ${to}) are no longer kept by the server`,
  refused: (code: number) => `The server refused the feed (${code})`,
  detail: "Line",
  copyLink: "Copy link to this line",
  allEvents: "All events as JSON",
} as const;

export const heldText = {
  title: "Held: its workflow has changed",
  why: "It goes on when the missing part is back, or when it is moved to a version without it.",
  command: "The same from a shell",
  migrate: "Migrate to the newest version",
  migrated: "It was migrated and goes on.",
  refused: "Refused.",
  place: (what: string, name: string) => `In place of the ${what} ${name}`,
  unsaid: "Nothing said",
  drop: "Drop it",
} as const;

export const resultText = { empty: "No result yet", emptyWhy: "It appears when the run completes." } as const;
