/** What an actor's state is called, its icon and its tone. */
import {
  CircleCheck,
  CircleDashed,
  CircleDot,
  CirclePause,
  CircleSlash,
  LoaderCircle,
  type LucideIcon,
  OctagonX,
  RotateCw,
} from "lucide-react";
import type { Tone } from "@/shared/status";

interface StateLook {
  word: string;
  icon: LucideIcon;
  tone: Tone;
  isMoving?: boolean;
}

const STATES: Record<string, StateLook> = {
  starting: { word: "Starting", icon: CircleDashed, tone: "neutral" },
  idle: { word: "Idle", icon: CircleDot, tone: "neutral" },
  busy: { word: "Busy", icon: LoaderCircle, tone: "active", isMoving: true },
  running: { word: "Running", icon: LoaderCircle, tone: "active", isMoving: true },
  waiting: { word: "Restarts soon", icon: RotateCw, tone: "warn" },
  stopping: { word: "Stopping", icon: CirclePause, tone: "warn" },
  stopped: { word: "Stopped", icon: CircleSlash, tone: "neutral" },
  given_up: { word: "Given up", icon: OctagonX, tone: "bad" },
};

const UP: StateLook = { word: "Up", icon: CircleCheck, tone: "good" };

/** A process has no mailbox and is never idle: it is up. */
export function stateLook(state: string, hasMailbox = true): StateLook {
  if (!hasMailbox && state === "busy") return UP;
  return STATES[state] ?? { word: state, icon: CircleDot, tone: "neutral" };
}
