import { describe, expect, it } from "vitest";
import { placesOf, widthOf } from "./lanes";

const chain = (...ids: [string, string | null][]) =>
  ids.map(([checkpoint_id, parent_checkpoint_id]) => ({ checkpoint_id, parent_checkpoint_id }));

describe("placesOf", () => {
  it("keeps a thread without branches in one column", () => {
    const places = placesOf(chain(["3", "2"], ["2", "1"], ["1", null]));
    expect(places.map((place) => place.lane)).toEqual([0, 0, 0]);
    expect(places.map((place) => [place.hasAbove, place.hasBelow])).toEqual([
      [false, true],
      [true, true],
      [true, false],
    ]);
    expect(widthOf(places)).toBe(1);
  });

  it("shows a fork where it left", () => {
    // 4 and 5 are a branch from 1, beside 2 and 3.
    const places = placesOf(chain(["5", "4"], ["4", "1"], ["3", "2"], ["2", "1"], ["1", null]));
    expect(places.map((place) => place.lane)).toEqual([0, 0, 1, 1, 0]);
    expect(places[2]?.passing).toEqual([0]);
    expect(places[4]?.joining).toEqual([1]);
    expect(widthOf(places)).toBe(2);
  });

  it("uses a column again that has become free", () => {
    const places = placesOf(chain(["6", "5"], ["5", "3"], ["4", "3"], ["3", "1"], ["2", "1"], ["1", null]));
    expect(places.map((place) => place.lane)).toEqual([0, 0, 1, 0, 1, 0]);
  });
});
