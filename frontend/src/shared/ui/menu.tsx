import type { LucideIcon } from "lucide-react";
import { type KeyboardEvent, useId, useRef, useState } from "react";
import { cx } from "@/shared/class-names";
import { type ButtonSize, buttonClass } from "./button";

export interface MenuItem {
  id: string;
  label: string;
  icon: LucideIcon;
  isDanger?: boolean;
}

interface MenuProps {
  label: string;
  icon: LucideIcon;
  /** Show the label, not only the icon. */
  hasLabel?: boolean;
  size?: ButtonSize;
  items: readonly MenuItem[];
  onPick: (id: string) => void;
  className?: string;
}

const EDGE = 8;
const WIDTH = 208;
const ROW = 36;

/** A button that opens a list of actions: the browser's own popover, arrow keys within, Escape or a click beside closes. */
export function Menu({ label, icon: Icon, hasLabel = false, size, items, onPick, className }: MenuProps) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const [isOpen, setOpen] = useState(false);
  const toggled = (state: string) => {
    setOpen(state === "open");
    if (state === "open") requestAnimationFrame(() => focusAt(list.current, 0));
  };
  const pick = (picked: string) => {
    list.current?.hidePopover();
    onPick(picked);
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        popoverTarget={id}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-label={label}
        title={hasLabel ? undefined : label}
        className={cx(
          buttonClass(hasLabel ? "plain" : "quiet", size ?? (hasLabel ? "normal" : "icon")),
          className,
        )}
      >
        <Icon aria-hidden className="size-4" />
        {hasLabel && label}
      </button>
      <div
        ref={list}
        id={id}
        popover="auto"
        role="menu"
        aria-label={label}
        onBeforeToggle={(event) =>
          event.newState === "open" && place(event.currentTarget, button.current, items.length)
        }
        onToggle={(event) => toggled(event.newState)}
        onKeyDown={(event) => moveFocus(event, list.current)}
        className="fixed inset-auto m-0 w-52 rounded-lg border border-line bg-raised p-1 text-ink shadow-raised"
      >
        {isOpen &&
          items.map((item) => (
            <button
              key={item.id}
              type="button"
              role="menuitem"
              tabIndex={-1}
              onClick={() => pick(item.id)}
              className={cx(
                "flex h-9 w-full items-center gap-2.5 rounded-md px-2.5 text-left text-sm -outline-offset-2",
                item.isDanger ? "text-bad hover:bg-bad-soft" : "hover:bg-hover",
              )}
            >
              <item.icon aria-hidden className="size-4 shrink-0" strokeWidth={1.9} />
              {item.label}
            </button>
          ))}
      </div>
    </>
  );
}

/** Below the button where there is room, else above; its right edge at the button's, else its left one. */
function place(list: HTMLElement, button: HTMLElement | null, rows: number): void {
  if (!button) return;
  const at = button.getBoundingClientRect();
  const height = rows * ROW + 2 * EDGE;
  const left = at.right >= WIDTH + EDGE ? at.right - WIDTH : at.left;
  list.style.left = `${Math.max(EDGE, Math.min(left, window.innerWidth - WIDTH - EDGE))}px`;
  const isBelow = at.bottom + height + EDGE <= window.innerHeight || at.top < height;
  list.style.top = isBelow ? `${at.bottom + 4}px` : `${at.top - height - 4 + EDGE}px`;
}

function moveFocus(event: KeyboardEvent, list: HTMLElement | null): void {
  const items = itemsOf(list);
  const now = items.indexOf(document.activeElement as HTMLElement);
  const next: Record<string, number> = {
    ArrowDown: (now + 1) % items.length,
    ArrowUp: (now - 1 + items.length) % items.length,
    Home: 0,
    End: items.length - 1,
  };
  const at = next[event.key];
  if (at === undefined) return;
  event.preventDefault();
  focusAt(list, at);
}

function focusAt(list: HTMLElement | null, index: number): void {
  itemsOf(list)[index]?.focus();
}

function itemsOf(list: HTMLElement | null): HTMLElement[] {
  return [...(list?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
}
