import { describe, expect, it } from "vitest";
import type { Role, RunStatus } from "@/shared/api/types";
import { RUN_STATUSES, statusLook } from "@/shared/status";
import { commandsFor, type RunCommand, type Standing } from "./commands";

const standing = (status: RunStatus, more: Partial<Standing> = {}): Standing => ({
  status,
  kept: false,
  settled_at: null,
  ...more,
});
const everything = () => true;
const only =
  (...roles: Role[]) =>
  (role: Role) =>
    roles.includes(role);
const offered = (status: RunStatus): RunCommand[] => commandsFor(standing(status), everything);

describe("what is offered for a run", () => {
  it("is to pause what moves and to unpause what is paused", () => {
    for (const status of RUN_STATUSES) {
      const moves = !statusLook(status).isTerminal && status !== "paused";
      expect([status, offered(status).includes("pause")]).toEqual([status, moves]);
      expect([status, offered(status).includes("unpause")]).toEqual([status, status === "paused"]);
    }
  });

  it("is to end what has not ended, and to delete what has", () => {
    for (const status of RUN_STATUSES) {
      const isOver = statusLook(status).isTerminal;
      for (const command of ["cancel", "terminate"] as const)
        expect([status, offered(status).includes(command)]).toEqual([status, !isOver]);
      expect([status, offered(status).includes("delete")]).toEqual([status, isOver]);
    }
  });

  it("is to retry what was stopped, never what completed", () => {
    expect(RUN_STATUSES.filter((status) => offered(status).includes("retry"))).toEqual([
      "failed",
      "cancelled",
      "quarantined",
    ]);
  });

  it("is less for a key with fewer roles, and nothing for a reader", () => {
    expect(commandsFor(standing("running"), only("read"))).toEqual([]);
    expect(commandsFor(standing("running"), only("read", "run"))).toEqual(["pause", "fork", "cancel"]);
    expect(commandsFor(standing("quarantined"), only("read", "run"))).toEqual(["retry", "fork", "discard"]);
  });

  it("is neither to delete what is kept, nor to discard what somebody has seen to", () => {
    expect(commandsFor(standing("failed"), everything)).toEqual([
      "retry",
      "fork",
      "discard",
      "keep",
      "delete",
    ]);
    const seenTo = standing("failed", { kept: true, settled_at: "2026-01-01T00:00:00Z" });
    expect(commandsFor(seenTo, everything)).toEqual(["retry", "fork", "unkeep"]);
  });
});
