import {
  BadgeAlert,
  Ban,
  GitBranch,
  type LucideIcon,
  OctagonX,
  PackageX,
  Pause,
  Play,
  RotateCw,
  ShieldCheck,
  Trash2,
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
  release: ShieldCheck,
  discard: PackageX,
  delete: Trash2,
};

export const DANGEROUS: ReadonlySet<RunCommand> = new Set([
  "cancel",
  "terminate",
  "quarantine",
  "discard",
  "delete",
]);
