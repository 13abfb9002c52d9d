import { useMutation } from "@tanstack/react-query";
import type { AnchorHTMLAttributes, MouseEvent } from "react";
import { useApiKey } from "@/shared/api/api-key";
import { text } from "@/shared/text";

interface SavingLinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  href: string;
  /** Saves it where a key must go along, which a link can't carry. */
  save: () => Promise<void>;
}

/** A plain link where the server asks for no key; else it is fetched with the key and saved. */
export function SavingLink({ href, save, children, ...rest }: SavingLinkProps) {
  const { key } = useApiKey();
  const saving = useMutation({ mutationFn: save });
  const click = (event: MouseEvent) => {
    if (key === null) return;
    event.preventDefault();
    saving.mutate();
  };
  return (
    <>
      <a href={href} onClick={click} aria-busy={saving.isPending} {...rest}>
        {children}
      </a>
      {saving.isError && (
        <span role="alert" className="text-xs text-bad">
          {text.artifacts.notSaved(saving.error.message)}
        </span>
      )}
    </>
  );
}
