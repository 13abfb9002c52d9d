import { CopyButton } from "./copy-button";

/** Commands to copy, each with what it does. */
export function CommandList({ commands }: { commands: readonly { what: string; command: string }[] }) {
  return (
    <ul className="flex flex-col gap-3 text-left">
      {commands.map(({ what, command }) => (
        <li key={command}>
          <p className="mb-1 text-xs text-ink-faint">{what}</p>
          <div className="flex items-start gap-1 rounded-lg border border-line bg-sunken py-1.5 pr-1.5 pl-3">
            <code className="min-w-0 flex-1 py-0.5 font-mono text-xs break-all whitespace-pre-wrap">
              {command}
            </code>
            <CopyButton value={command} />
          </div>
        </li>
      ))}
    </ul>
  );
}
