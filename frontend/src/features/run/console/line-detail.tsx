import { X } from "lucide-react";
import { JsonTree } from "@/shared/json/json-tree";
import { text } from "@/shared/text";
import { clockTime } from "@/shared/time";
import { Button } from "@/shared/ui/button";
import { CopyButton } from "@/shared/ui/copy-button";
import { consoleText } from "../text";
import type { Line } from "./line";

/** The whole of one line: its text unfolded, what came with it, and a link to exactly here. */
export function LineDetail({ line, onClose }: { line: Line; onClose: () => void }) {
  const numbers = line.seqFrom === line.seq ? `${line.seq}` : `${line.seqFrom}–${line.seq}`;
  return (
    <section
      aria-label={consoleText.detail}
      className="max-h-56 shrink-0 overflow-y-auto border-t border-line bg-surface p-3"
    >
      <div className="flex items-center gap-2 text-xs text-ink-faint">
        <span className="tabular font-mono">{numbers}</span>
        <span className="font-medium text-ink-soft">{line.event}</span>
        <span className="tabular">{clockTime(line.at)}</span>
        {line.node && <span>{line.node}</span>}
        <span className="ml-auto flex">
          <CopyButton value={() => window.location.href} label={consoleText.copyLink} />
          <Button look="quiet" size="icon" aria-label={text.common.close} onClick={onClose}>
            <X aria-hidden className="size-3.5" />
          </Button>
        </span>
      </div>
      {line.isOutput && line.event !== "custom" && (
        <p className="mt-1 font-mono text-xs break-words whitespace-pre-wrap">{line.text}</p>
      )}
      {line.data && (
        <div className="mt-2">
          <JsonTree value={line.data} label={consoleText.detail} />
        </div>
      )}
    </section>
  );
}
