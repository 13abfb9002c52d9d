import type { Browser, Page } from "playwright-core";
import type { Complaints } from "./browser.mjs";
import type { OwnServer } from "./server.mjs";
import type { ServerApi } from "./server-api.mjs";

export interface Stage {
  browser: Browser;
  page: Page;
  api: ServerApi;
  /** Null where the server belongs to somebody else. */
  server: OwnServer | null;
  complaints: Complaints;
  /** Waits until `actual` gives `wanted`; fails with the claim. */
  expect: <T>(actual: () => Promise<T>, wanted: T, claim: string) => Promise<void>;
}

/** What it found out, in a few words, or nothing. */
export type Scenario = (stage: Stage) => Promise<string | undefined>;
