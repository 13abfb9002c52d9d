/** The end of an id: ids are in order of time, so their beginnings are all alike. The whole is in the title. */
export function ShortId({ id, className }: { id: string; className?: string }) {
  return (
    <code title={id} className={className ?? "font-mono text-xs text-ink-faint"}>
      …{id.slice(-8)}
    </code>
  );
}
