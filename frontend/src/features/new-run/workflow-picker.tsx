import { useId } from "react";
import type { Workflow } from "@/shared/api/types";
import { text } from "@/shared/text";

interface WorkflowPickerProps {
  workflows: readonly Workflow[];
  selected: Workflow;
  onSelect: (name: string) => void;
}

export function WorkflowPicker({ workflows, selected, onSelect }: WorkflowPickerProps) {
  const id = useId();
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="text-sm font-medium">
        {text.newRun.workflow}
      </label>
      <select
        id={id}
        value={selected.name}
        onChange={(event) => onSelect(event.target.value)}
        aria-describedby={`${id}-about`}
        className="field"
      >
        {workflows.map(({ name, is_default }) => (
          <option key={name} value={name}>
            {is_default ? `${name} (${text.newRun.default})` : name}
          </option>
        ))}
      </select>
      <p id={`${id}-about`} className="text-xs text-ink-faint">
        {selected.description}
        {selected.hosts === 0 && <span className="text-warn"> {text.newRun.noHost}</span>}
      </p>
    </div>
  );
}
