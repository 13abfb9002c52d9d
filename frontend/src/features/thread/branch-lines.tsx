import type { Place } from "./lanes";

const LANE_WIDTH = 14;
export const ROW_HEIGHT = 48;
const MIDDLE = ROW_HEIGHT / 2;
const DOT = 4;

const xOf = (lane: number) => lane * LANE_WIDTH + LANE_WIDTH / 2;

/** One row of the tree of branches. What it shows is said in words beside it. */
export function BranchLines({
  place,
  width,
  isSelected,
}: {
  place: Place;
  width: number;
  isSelected: boolean;
}) {
  const x = xOf(place.lane);
  return (
    <svg
      aria-hidden="true"
      width={width * LANE_WIDTH}
      height={ROW_HEIGHT}
      className="shrink-0 stroke-line-strong"
      fill="none"
      strokeWidth={1.5}
    >
      {place.hasAbove && <path d={`M${x} 0V${MIDDLE}`} />}
      {place.hasBelow && <path d={`M${x} ${MIDDLE}V${ROW_HEIGHT}`} />}
      {place.passing.map((lane) => (
        <path key={lane} d={`M${xOf(lane)} 0V${ROW_HEIGHT}`} />
      ))}
      {place.joining.map((lane) => (
        <path key={lane} d={`M${xOf(lane)} 0C${xOf(lane)} ${MIDDLE} ${x} 6 ${x} ${MIDDLE}`} />
      ))}
      <circle
        cx={x}
        cy={MIDDLE}
        r={DOT}
        className={isSelected ? "fill-accent stroke-accent" : "fill-surface"}
      />
    </svg>
  );
}
