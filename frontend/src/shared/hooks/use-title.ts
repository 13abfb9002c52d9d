import { useEffect } from "react";
import { text } from "@/shared/text";

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · ${text.product}`;
  }, [title]);
}
