import type { ButtonHTMLAttributes } from "react";
import { cx } from "@/shared/class-names";

export type ButtonLook = "primary" | "plain" | "quiet" | "danger";

const LOOKS: Record<ButtonLook, string> = {
  primary: "bg-accent-fill text-on-accent hover:bg-accent-fill-hover border-transparent font-medium",
  plain: "bg-surface text-ink border-line hover:bg-hover shadow-card",
  quiet: "bg-transparent text-ink-soft border-transparent hover:bg-hover hover:text-ink",
  danger: "bg-surface text-bad border-line hover:bg-bad-soft shadow-card",
};

export function buttonClass(look: ButtonLook = "plain", size: "small" | "normal" = "normal"): string {
  return cx(
    "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-lg border whitespace-nowrap transition-colors",
    "disabled:opacity-55 aria-disabled:opacity-55",
    size === "small" ? "h-7 px-2 text-xs" : "h-8 px-3 text-sm",
    LOOKS[look],
  );
}

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: ButtonLook;
  size?: "small" | "normal";
}

export function Button({
  look = "plain",
  size = "normal",
  className,
  type = "button",
  ...rest
}: ButtonProps) {
  return <button type={type} className={cx(buttonClass(look, size), className)} {...rest} />;
}
