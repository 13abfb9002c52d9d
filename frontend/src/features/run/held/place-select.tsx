import { useState } from "react";
import { heldText } from "../text";

const UNSAID = "-";
const DROP = "drop";
const NAMED = "to ";

interface PlaceSelectProps {
  label: string;
  options: readonly string[];
  /** A name, null to drop what was there, undefined to say nothing of it. */
  onChange: (place: string | null | undefined) => void;
}

export function PlaceSelect({ label, options, onChange }: PlaceSelectProps) {
  const [value, setValue] = useState(UNSAID);
  const choose = (next: string) => {
    setValue(next);
    onChange(next === UNSAID ? undefined : next === DROP ? null : next.slice(NAMED.length));
  };
  return (
    <label className="flex flex-col gap-1 text-sm font-medium">
      {label}
      <select value={value} onChange={(event) => choose(event.target.value)} className="field font-normal">
        <option value={UNSAID}>{heldText.unsaid}</option>
        {options.map((name) => (
          <option key={name} value={NAMED + name}>
            {name}
          </option>
        ))}
        <option value={DROP}>{heldText.drop}</option>
      </select>
    </label>
  );
}
