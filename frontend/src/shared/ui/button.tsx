import type { ButtonHTMLAttributes } from "react";
import { cx } from "@/shared/class-names";

/** `icon` is a square for an icon alone: its button needs an `aria-label`. */
export type ButtonSize = "icon" | "small" | "normal";

const SIZES: Record<ButtonSize, string> = {
  icon: "size-7 text-xs",
  small: "h-7 px-2 text-xs",
  normal: "h-8 px-3 text-sm",
};

export type ButtonLook = "primary" | "plain" | "quiet" | "danger";

const LOOKS: Record<ButtonLook, string> = {
  primary: "bg-accent-fill text-on-accent hover:bg-accent-fill-hover border-transparent font-medium",
  plain: "bg-surface text-ink border-line hover:bg-hover shadow-card",
  quiet: "bg-transparent text-ink-soft border-transparent hover:bg-hover hover:text-ink",
  danger: "bg-surface text-bad border-line hover:bg-bad-soft shadow-card",
};

export function buttonClass(look: ButtonLook = "plain", size: ButtonSize = "normal"): string {
  return cx(
    "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-lg border whitespace-nowrap transition-colors",
    "disabled:opacity-55 aria-disabled:opacity-55",
    SIZES[size],
    LOOKS[look],
  );
}

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: ButtonLook;
  size?: ButtonSize;
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
