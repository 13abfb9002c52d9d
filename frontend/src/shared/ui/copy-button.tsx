import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { cx } from "@/shared/class-names";
import { text } from "@/shared/text";
import { Button } from "./button";

interface CopyButtonProps {
  value: string | (() => string);
  label?: string;
  /** Show the label, not only the icon. */
  hasLabel?: boolean;
  className?: string;
}

export function CopyButton({
  value,
  label = text.common.copy,
  hasLabel = false,
  className,
}: CopyButtonProps) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await writeClipboard(typeof value === "string" ? value : value());
    setCopied(true);
    setTimeout(() => setCopied(false), 1_500);
  };
  const Icon = isCopied ? Check : Copy;
  const word = isCopied ? text.common.copied : label;
  return (
    <Button
      look="quiet"
      size={hasLabel ? "small" : "icon"}
      onClick={copy}
      aria-label={word}
      title={word}
      className={className}
    >
      <Icon aria-hidden className={cx("size-3.5", isCopied && "text-good")} />
      {hasLabel && <span>{word}</span>}
    </Button>
  );
}

/** Pages on plain http other than loopback have no clipboard API; a selected field does there. */
async function writeClipboard(value: string): Promise<void> {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(value);
    return;
  }
  const field = document.createElement("textarea");
  field.value = value;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}
