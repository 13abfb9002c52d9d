import { ArrowDownToLine, CircleAlert, Pause, Search, X } from "lucide-react";
import { useState } from "react";
import { Button } from "@/shared/ui/button";
import { consoleText } from "../text";
import { LEVELS, type useConsoleFilter } from "./use-console-filter";

interface ConsoleBarProps {
  filter: ReturnType<typeof useConsoleFilter>;
  isFollowing: boolean;
  onFollow: (isFollowing: boolean) => void;
  onFirstError: () => void;
}

export function ConsoleBar({ filter, isFollowing, onFollow, onFirstError }: ConsoleBarProps) {
  const { level, node, change } = filter;
  const [typed, setTyped] = useState(filter.search);
  return (
    <search className="flex flex-wrap items-center gap-1.5 border-b border-line p-2">
      <div className="relative min-w-32 flex-1">
        <Search aria-hidden className="pointer-events-none absolute top-1.5 left-2 size-3.5 text-ink-faint" />
        <input
          type="search"
          aria-label={consoleText.search}
          placeholder={consoleText.search}
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            change({ q: event.target.value });
          }}
          className="field h-7 py-0! pl-7 text-xs!"
        />
      </div>
      <select
        aria-label={consoleText.level}
        value={level}
        onChange={(event) => change({ level: event.target.value })}
        className="field h-7 w-auto! py-0! text-xs!"
      >
        {LEVELS.map((each) => (
          <option key={each} value={each}>
            {consoleText.levels[each]}
          </option>
        ))}
      </select>
      {node && (
        <Button
          size="small"
          className="max-w-48"
          aria-label={consoleText.clearNode(node)}
          title={consoleText.clearNode(node)}
          onClick={() => change({ node: "" })}
        >
          <span className="truncate">{consoleText.node(node)}</span>
          <X aria-hidden className="size-3 shrink-0" />
        </Button>
      )}
      <Button look="quiet" size="small" onClick={onFirstError}>
        <CircleAlert aria-hidden className="size-3.5" />
        {consoleText.firstError}
      </Button>
      <Button size="small" aria-pressed={isFollowing} onClick={() => onFollow(!isFollowing)}>
        {isFollowing ? (
          <ArrowDownToLine aria-hidden className="size-3.5 text-good" />
        ) : (
          <Pause aria-hidden className="size-3.5" />
        )}
        {consoleText.follow}
      </Button>
    </search>
  );
}
