import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";
import { topFor, type Viewport } from "./line-window";

const AT_END_PIXELS = 24;

interface LineScroller {
  ref: RefObject<HTMLDivElement | null>;
  viewport: Viewport;
  onScroll: () => void;
  reveal: (place: number, isCentred: boolean) => void;
}

/** Keeps the end in view while it is followed, stops following when a person scrolls up, and knows what is in view. */
export function useLineScroller(
  isFollowing: boolean,
  onFollow: (isFollowing: boolean) => void,
  seq: number,
): LineScroller {
  const ref = useRef<HTMLDivElement>(null);
  const lastTop = useRef(0);
  const [viewport, setViewport] = useState<Viewport>({ top: 0, height: 800 });
  const look = () => {
    const element = ref.current;
    if (!element) return;
    const { scrollTop: top, clientHeight: height } = element;
    setViewport((now) => (now.top === top && now.height === height ? now : { top, height }));
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: new lines are the reason to scroll.
  useLayoutEffect(() => {
    const element = ref.current;
    if (!isFollowing || !element) return;
    element.scrollTop = element.scrollHeight;
    look();
  }, [isFollowing, seq]);
  // The room changes too: a detail opens, the window is resized.
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const observer = new ResizeObserver(() => {
      if (isFollowing) element.scrollTop = element.scrollHeight;
      const { scrollTop: top, clientHeight: height } = element;
      setViewport({ top, height });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [isFollowing]);
  const onScroll = () => {
    const element = ref.current;
    if (!element) return;
    const isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < AT_END_PIXELS;
    const isUpwards = element.scrollTop < lastTop.current - 1;
    lastTop.current = element.scrollTop;
    if (isFollowing && isUpwards && !isAtEnd) onFollow(false);
    look();
  };
  const reveal = (place: number, isCentred: boolean) => {
    const element = ref.current;
    if (!element) return;
    const top = topFor(place, { top: element.scrollTop, height: element.clientHeight }, isCentred);
    if (top !== null) element.scrollTop = top;
  };
  return { ref, viewport, onScroll, reveal };
}
