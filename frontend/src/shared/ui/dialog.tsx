import { type ReactNode, useId, useLayoutEffect, useRef } from "react";
import { cx } from "@/shared/class-names";

interface DialogProps {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  children: ReactNode;
  className?: string;
}

/** The browser's own modal: focus is kept inside, Escape closes, the rest of the page is inert. */
export function Dialog({ title, isOpen, onClose, children, className }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  // Closed before it leaves the page, so that the focus goes back to where it came from.
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (!isOpen || !dialog) return;
    dialog.showModal();
    return () => dialog.close();
  }, [isOpen]);
  return (
    <dialog
      ref={ref}
      aria-labelledby={titleId}
      onClose={(event) => !event.currentTarget.open && onClose()}
      className={cx(
        "m-auto w-[min(30rem,calc(100vw-2rem))] rounded-xl border border-line bg-raised p-5 text-ink shadow-raised",
        className,
      )}
    >
      {isOpen && (
        <>
          <h2 id={titleId} className="text-base font-semibold">
            {title}
          </h2>
          {children}
        </>
      )}
    </dialog>
  );
}
