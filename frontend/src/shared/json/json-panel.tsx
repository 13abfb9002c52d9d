import { useMemo } from "react";
import { saveAnswer } from "@/shared/api/save-file";
import { text } from "@/shared/text";
import { bytes } from "@/shared/time";
import { buttonClass } from "@/shared/ui/button";
import { CopyButton } from "@/shared/ui/copy-button";
import { SavingLink } from "@/shared/ui/saving-link";
import { gateJson } from "./json-gate";
import { JsonTree } from "./json-tree";

interface JsonPanelProps {
  source: string;
  label: string;
  /** Where the whole can be had when it is too large to unfold. */
  wholeUrl?: string;
}

export function JsonPanel({ source, label, wholeUrl }: JsonPanelProps) {
  const gated = useMemo(() => gateJson(source), [source]);
  if (gated.kind === "tree") {
    return (
      <div className="relative">
        <CopyButton value={source} className="absolute top-0 right-0 z-10" />
        <div className="pr-9">
          <JsonTree value={gated.value} label={label} />
        </div>
      </div>
    );
  }
  return (
    <div className="flex flex-col gap-2">
      {gated.kind === "large" && (
        <p className="flex flex-wrap items-center gap-2 text-sm text-ink-soft">
          {text.json.tooLarge(bytes(gated.size))}
          {wholeUrl && (
            <SavingLink
              href={wholeUrl}
              save={() => saveAnswer(wholeUrl, `${label}.json`)}
              download
              className={buttonClass("plain", "small")}
            >
              {text.json.whole}
            </SavingLink>
          )}
        </p>
      )}
      <pre className="font-mono text-xs break-all whitespace-pre-wrap">{gated.preview}</pre>
    </div>
  );
}
