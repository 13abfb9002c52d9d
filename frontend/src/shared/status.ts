/** One table: what a status is called, its icon, its tone. Runs and steps share it; nothing else names colours. */
import {
  BadgeAlert,
  Ban,
  CircleCheck,
  CircleDashed,
  CirclePause,
  CircleSlash,
  CircleX,
  Clock,
  Hand,
  LoaderCircle,
  type LucideIcon,
  Radio,
  RotateCw,
  Unplug,
} from "lucide-react";
import type { RunStatus } from "@/shared/api/types";

export type StepStatus =
  | "running"
  | "retrying"
  | "completed"
  | "failed"
  | "interrupted"
  | "sleeping"
  | "waiting"
  | "cancelled"
  | "lost";
export type AnyStatus = RunStatus | StepStatus | "pending";
export type Tone = "neutral" | "active" | "good" | "bad" | "warn" | "person";

export interface StatusLook {
  word: string;
  icon: LucideIcon;
  tone: Tone;
  /** Nothing more will happen by itself or by anyone. */
  isTerminal: boolean;
  isMoving?: boolean;
}

export const STATUS: Record<AnyStatus, StatusLook> = {
  queued: { word: "Queued", icon: CircleDashed, tone: "neutral", isTerminal: false },
  running: { word: "Running", icon: LoaderCircle, tone: "active", isTerminal: false, isMoving: true },
  interrupted: { word: "Needs answer", icon: Hand, tone: "person", isTerminal: false },
  sleeping: { word: "Sleeping", icon: Clock, tone: "neutral", isTerminal: false },
  waiting: { word: "Waiting", icon: Radio, tone: "warn", isTerminal: false },
  paused: { word: "Paused", icon: CirclePause, tone: "warn", isTerminal: false },
  completed: { word: "Completed", icon: CircleCheck, tone: "good", isTerminal: true },
  failed: { word: "Failed", icon: CircleX, tone: "bad", isTerminal: true },
  cancelled: { word: "Cancelled", icon: Ban, tone: "neutral", isTerminal: true },
  quarantined: { word: "Quarantined", icon: BadgeAlert, tone: "bad", isTerminal: true },
  // Steps only.
  pending: { word: "Not reached", icon: CircleSlash, tone: "neutral", isTerminal: false },
  retrying: { word: "Retrying", icon: RotateCw, tone: "warn", isTerminal: false, isMoving: true },
  lost: { word: "Lost with its host", icon: Unplug, tone: "warn", isTerminal: false },
};

export const RUN_STATUSES: readonly RunStatus[] = [
  "queued",
  "running",
  "interrupted",
  "sleeping",
  "waiting",
  "paused",
  "completed",
  "failed",
  "cancelled",
  "quarantined",
];

export const TONE_TEXT: Record<Tone, string> = {
  neutral: "text-neutral",
  active: "text-active",
  good: "text-good",
  bad: "text-bad",
  warn: "text-warn",
  person: "text-person",
};

export const TONE_SOFT: Record<Tone, string> = {
  neutral: "bg-neutral-soft text-neutral",
  active: "bg-active-soft text-active",
  good: "bg-good-soft text-good",
  bad: "bg-bad-soft text-bad",
  warn: "bg-warn-soft text-warn",
  person: "bg-person-soft text-person",
};

export function isRunStatus(value: string): value is RunStatus {
  return (RUN_STATUSES as readonly string[]).includes(value);
}

/** A status that this page does not know (a newer server) is shown by its own name. */
export function statusLook(status: string): StatusLook {
  return STATUS[status as AnyStatus] ?? { ...STATUS.pending, word: status };
}
