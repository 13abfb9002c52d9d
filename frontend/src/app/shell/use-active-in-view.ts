import { useLocation } from "@tanstack/react-router";
import { type RefObject, useEffect } from "react";

/** On a narrow page the bar is wider than the screen: keep the link of the page that is shown in sight. */
export function useActiveInView(bar: RefObject<HTMLElement | null>) {
  const { pathname } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another path makes another link the active one
  useEffect(() => {
    bar.current?.querySelector("[aria-current=page]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [bar, pathname]);
}
