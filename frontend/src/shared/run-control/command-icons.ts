import {
  BadgeAlert,
  Ban,
  GitBranch,
  type LucideIcon,
  OctagonX,
  PackageX,
  Pause,
  Pin,
  PinOff,
  Play,
  RotateCw,
  Trash2,
  Unlink,
} from "lucide-react";
import type { RunCommand } from "./commands";

export const COMMAND_ICON: Record<RunCommand, LucideIcon> = {
  pause: Pause,
  unpause: Play,
  cancel: Ban,
  terminate: OctagonX,
  retry: RotateCw,
  fork: GitBranch,
  quarantine: BadgeAlert,
  release: Unlink,
  discard: PackageX,
  keep: Pin,
  unkeep: PinOff,
  delete: Trash2,
};

export const DANGEROUS: ReadonlySet<RunCommand> = new Set([
  "cancel",
  "terminate",
  "quarantine",
  "discard",
  "delete",
]);
