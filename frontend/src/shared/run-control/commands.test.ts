import { describe, expect, it } from "vitest";
import type { Role, RunStatus } from "@/shared/api/types";
import { RUN_STATUSES, statusLook } from "@/shared/status";
import { commandsFor, type RunCommand } from "./commands";

const everything = () => true;
const only =
  (...roles: Role[]) =>
  (role: Role) =>
    roles.includes(role);
const offered = (status: RunStatus): RunCommand[] => commandsFor({ status }, everything);

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
    expect(commandsFor({ status: "running" }, only("read"))).toEqual([]);
    expect(commandsFor({ status: "running" }, only("read", "run"))).toEqual(["pause", "fork", "cancel"]);
    expect(commandsFor({ status: "quarantined" }, only("read", "run"))).toEqual(["retry", "fork", "discard"]);
  });
});
