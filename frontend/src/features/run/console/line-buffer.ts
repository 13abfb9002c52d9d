/**
 * The lines that a page keeps: the last 100,000, in a ring, named by a number that never changes while they live.
 * Pure. Filtered views are kept up to date line by line, so a chatty run costs its new lines and not all of them.
 */
import type { RunEvent } from "@/shared/api/types";
import { foldInto, type Level, type Line, lineOf } from "./line";

export const MAX_LINES = 100_000;

export class LineBuffer {
  readonly #ring: (Line | undefined)[];
  readonly #capacity: number;
  #end = 0;

  constructor(capacity = MAX_LINES) {
    this.#capacity = capacity;
    this.#ring = [];
  }

  /** Number of the oldest line that is kept. */
  get first(): number {
    return Math.max(0, this.#end - this.#capacity);
  }

  get end(): number {
    return this.#end;
  }

  get size(): number {
    return this.#end - this.first;
  }

  at(number: number): Line | undefined {
    return number < this.first || number >= this.#end ? undefined : this.#ring[number % this.#capacity];
  }

  append(event: RunEvent): void {
    const last = this.at(this.#end - 1);
    const folded = last ? foldInto(last, event) : null;
    if (folded) this.#ring[(this.#end - 1) % this.#capacity] = folded;
    else this.push(lineOf(event));
  }

  push(line: Line): void {
    this.#ring[this.#end % this.#capacity] = line;
    this.#end += 1;
  }
}

export type LevelFilter = "all" | "logs" | "warning" | "error";

export interface LineFilter {
  level: LevelFilter;
  /** Lower case. */
  search: string;
  node: string;
}

const RANK: Record<Level, number> = { debug: 0, info: 1, warning: 2, error: 3 };

export function matches(line: Line, filter: LineFilter): boolean {
  if (filter.node && line.node !== filter.node) return false;
  if (filter.level === "logs" && !line.isOutput) return false;
  if (filter.level === "warning" && RANK[line.level] < RANK.warning) return false;
  if (filter.level === "error" && RANK[line.level] < RANK.error) return false;
  if (!filter.search) return true;
  return line.text.toLowerCase().includes(filter.search) || line.node.toLowerCase().includes(filter.search);
}

/** Numbers of the lines that match, followed as the buffer grows and forgets. */
export class FilteredLines {
  readonly #buffer: LineBuffer;
  readonly #filter: LineFilter;
  readonly #isAll: boolean;
  #numbers: number[] = [];
  #gone = 0;
  #seen: number;

  constructor(buffer: LineBuffer, filter: LineFilter) {
    this.#buffer = buffer;
    this.#filter = filter;
    this.#isAll = filter.level === "all" && !filter.search && !filter.node;
    this.#seen = buffer.first;
  }

  /** Take in what the buffer got and forgot since the last time. */
  update(): void {
    if (this.#isAll) return;
    const { first, end } = this.#buffer;
    // The last line may have been folded further since: look at it again.
    let number = Math.max(first, this.#seen - 1);
    while (this.#numbers.length > this.#gone && (this.#numbers.at(-1) ?? -1) >= number) this.#numbers.pop();
    for (; number < end; number++) {
      const line = this.#buffer.at(number);
      if (line && matches(line, this.#filter)) this.#numbers.push(number);
    }
    while (this.#gone < this.#numbers.length && (this.#numbers[this.#gone] ?? 0) < first) this.#gone += 1;
    if (this.#gone > 10_000) {
      this.#numbers = this.#numbers.slice(this.#gone);
      this.#gone = 0;
    }
    this.#seen = end;
  }

  get length(): number {
    return this.#isAll ? this.#buffer.size : this.#numbers.length - this.#gone;
  }

  /** Number of the line at a place of the view. */
  numberAt(place: number): number {
    return this.#isAll ? this.#buffer.first + place : (this.#numbers[this.#gone + place] ?? -1);
  }

  /** The place of the first line whose events reach `seq`; the end where none does. */
  placeOf(seq: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#buffer.at(this.numberAt(middle))?.seq ?? 0) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  firstError(): number {
    for (let place = 0; place < this.length; place++) {
      if (this.#buffer.at(this.numberAt(place))?.level === "error") return place;
    }
    return -1;
  }
}
