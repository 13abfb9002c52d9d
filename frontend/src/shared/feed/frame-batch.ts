/** Gathers items and hands them over once a frame; while the page is hidden, four times a second. */
const HIDDEN_INTERVAL_MS = 250;

export class FrameBatch<T> {
  #items: T[] = [];
  #cancel: (() => void) | null = null;
  readonly #deliver: (items: T[]) => void;

  constructor(deliver: (items: T[]) => void) {
    this.#deliver = deliver;
  }

  push(items: readonly T[]): void {
    if (items.length === 0) return;
    for (const item of items) this.#items.push(item);
    if (!this.#cancel) this.#cancel = this.#schedule();
  }

  flush(): void {
    this.dispose();
    const items = this.#items;
    this.#items = [];
    if (items.length > 0) this.#deliver(items);
  }

  dispose(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #schedule(): () => void {
    const flush = () => this.flush();
    // A timer stands beside the frame: a page that is hidden in between gets no more frames.
    const timer = setTimeout(flush, HIDDEN_INTERVAL_MS);
    const frame = document.hidden ? 0 : requestAnimationFrame(flush);
    return () => {
      clearTimeout(timer);
      if (frame) cancelAnimationFrame(frame);
    };
  }
}
