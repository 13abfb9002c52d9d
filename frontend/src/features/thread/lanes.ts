/** Which line of a thread's tree a checkpoint stands on: newest first, as a log of branches is drawn. Pure. */
export interface Node {
  checkpoint_id: string;
  parent_checkpoint_id: string | null;
}

export interface Place {
  /** The column of its dot; 0 is the newest branch. */
  lane: number;
  /** Columns whose line passes this row without stopping. */
  passing: number[];
  /** Columns of newer branches that end here: this is where they left. */
  joining: number[];
  /** A newer checkpoint above is connected with it. */
  hasAbove: boolean;
  /** Its parent is further down. */
  hasBelow: boolean;
}

export function placesOf(newestFirst: readonly Node[]): Place[] {
  /** For each column the checkpoint that it leads to; null where it is free. */
  const lanes: (string | null)[] = [];
  return newestFirst.map(({ checkpoint_id, parent_checkpoint_id }) => {
    const leading = lanes.flatMap((wanted, lane) => (wanted === checkpoint_id ? [lane] : []));
    const free = lanes.indexOf(null);
    const lane = leading[0] ?? (free < 0 ? lanes.length : free);
    const joining = leading.slice(1);
    for (const ended of joining) lanes[ended] = null;
    const passing = lanes.flatMap((wanted, other) => (wanted !== null && other !== lane ? [other] : []));
    lanes[lane] = parent_checkpoint_id;
    return {
      lane,
      passing,
      joining,
      hasAbove: leading.length > 0,
      hasBelow: parent_checkpoint_id !== null,
    };
  });
}

export function widthOf(places: readonly Place[]): number {
  return places.reduce((most, { lane, passing }) => Math.max(most, lane, ...passing), 0) + 1;
}
