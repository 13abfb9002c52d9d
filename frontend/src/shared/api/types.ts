/** The words of the API, as types. Everything comes from the generated schema; pages import from here only. */
import type { components } from "./schema.gen";

type Schemas = components["schemas"];

export type Run = Schemas["Run"];
export type RunStatus = Schemas["RunStatus"];
export type RunError = Schemas["RunError"];
export type CreateRun = Schemas["CreateRun"];
export type RunState = Schemas["RunState"];
export type PendingInterrupt = Schemas["PendingInterrupt"];
export type ThreadCheckpoint = Schemas["ThreadCheckpoint"];
export type ThreadUpdated = Schemas["ThreadUpdated"];
export type Version = Schemas["Version"];
export type VersionCheck = Schemas["VersionCheck"];
export type MigrationAnswer = Schemas["MigrationAnswer"];
export type Checkpoint = Schemas["Checkpoint"];
export type Artifact = Schemas["Artifact"];
export type Workflow = Schemas["Workflow"];
export type WorkflowGraph = Schemas["WorkflowGraph"];
export type RunBegun = Schemas["RunBegun"];
export type Health = Schemas["Health"];
export type Actor = Schemas["Actor"];
export type Host = Schemas["Host"];
export type HostCommand = Schemas["HostCommand"];
export type Stuck = Schemas["Stuck"];
export type StuckThing = Schemas["StuckThing"];
export type Role = Schemas["Role"];
export type ApiKeyRow = Schemas["ApiKey"];
export type CreateKey = Schemas["CreateKey"];
export type AuditEntry = Schemas["AuditEntry"];
export type CreatedKey = Schemas["CreatedKey"];
export type FieldError = Schemas["FieldError"];

/**
 * One event of a run. `seq_from` stands only on rows that cover a range of numbers (a batch of tokens, or the
 * empty row that retention leaves), `cursor` only in the feed of all runs.
 */
export interface RunEvent {
  event: string;
  run_id: string;
  seq: number;
  at: string;
  node?: string | null;
  data?: Record<string, unknown> | null;
  seq_from?: number;
  cursor?: number | string;
}
