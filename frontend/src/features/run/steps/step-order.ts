/** Steps in the order they started, each followed by what it called. Pure. */
interface Nested {
  taskId: string;
  parentId: string | null;
}

export function inTreeOrder<S extends Nested>(steps: readonly S[]): S[] {
  if (steps.every(({ parentId }) => parentId === null)) return [...steps];
  const known = new Set(steps.map(({ taskId }) => taskId));
  const inside = new Map<string | null, S[]>();
  for (const step of steps) {
    // The task around it may have begun before this page's first event.
    const around = step.parentId !== null && known.has(step.parentId) ? step.parentId : null;
    const siblings = inside.get(around);
    if (siblings) siblings.push(step);
    else inside.set(around, [step]);
  }
  const ordered: S[] = [];
  const visit = (around: string | null) => {
    for (const step of inside.get(around) ?? []) {
      ordered.push(step);
      visit(step.taskId);
    }
  };
  visit(null);
  return ordered;
}
