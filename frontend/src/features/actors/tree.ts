/** The tree of actors as the rows that are shown: what is folded is left out, what is looked for brings its ancestors. Pure. */
import type { Actor } from "@/shared/api/types";

export interface TreeRow {
  actor: Actor;
  depth: number;
  hasChildren: boolean;
  isOpen: boolean;
  /** Children that the server has and did not send. */
  unsent: number;
}

/** Larger families come folded, so that a page with thousands of runs can be read. */
export const FOLDED_FROM = 60;

export function childrenOf(actor: Actor): readonly Actor[] {
  return actor.children ?? [];
}

function unsentOf(actor: Actor): number {
  return Math.max(0, (actor.child_count ?? 0) - childrenOf(actor).length);
}

/** `toggled` holds what a person has said, `wanted` the words to look for. */
export function rowsOf(root: Actor, toggled: ReadonlyMap<string, boolean>, wanted = ""): TreeRow[] {
  const words = wanted.trim().toLowerCase();
  const rows: TreeRow[] = [];
  // Without a search everything matches; with one, folded branches are searched, too.
  const visit = (actor: Actor, depth: number): boolean => {
    const at = rows.length;
    const children = childrenOf(actor);
    const hasChildren = children.length > 0;
    const isOpen = words !== "" || (toggled.get(actor.id) ?? children.length < FOLDED_FROM);
    rows.push({ actor, depth, hasChildren, isOpen: isOpen && hasChildren, unsent: unsentOf(actor) });
    let isWanted = words === "" || matches(actor, words);
    if (isOpen) for (const child of children) isWanted = visit(child, depth + 1) || isWanted;
    if (!isWanted) rows.length = at;
    return isWanted;
  };
  visit(root, 0);
  return rows;
}

function matches(actor: Actor, words: string): boolean {
  return [actor.key, actor.kind, actor.state, actor.run_id ?? "", actor.current_message ?? ""].some((part) =>
    part.toLowerCase().includes(words),
  );
}

/** The actor of an id, wherever it stands. */
export function findActor(root: Actor, id: string): Actor | null {
  if (root.id === id) return root;
  for (const child of childrenOf(root)) {
    const found = findActor(child, id);
    if (found) return found;
  }
  return null;
}

export function countActors(root: Actor): number {
  return childrenOf(root).reduce((sum, child) => sum + countActors(child), 1 + unsentOf(root));
}

export type Fullness = "empty" | "some" | "filling" | "full";

/** How full a mailbox is: half is worth a look, nine tenths will soon refuse. */
export function fullnessOf(depth: number, capacity: number | null): Fullness {
  if (depth === 0) return "empty";
  const share = capacity ? depth / capacity : 0;
  return share >= 0.9 ? "full" : share >= 0.5 ? "filling" : "some";
}
