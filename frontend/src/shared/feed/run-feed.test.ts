import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RunEvent } from "@/shared/api/types";
import { type Hole, RunFeed } from "./run-feed";
import { SILENCE_MS } from "./socket";

/** The browser's side of a WebSocket, played by the test. */
class PlayedSocket {
  static readonly CONNECTING = 0;
  static all: PlayedSocket[] = [];
  static get latest(): PlayedSocket {
    return PlayedSocket.all.at(-1) as PlayedSocket;
  }

  readonly url: string;
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  constructor(url: string) {
    this.url = url;
    PlayedSocket.all.push(this);
  }

  close(): void {
    this.readyState = 3;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  say(...numbers: number[]): void {
    for (const seq of numbers) this.onmessage?.({ data: JSON.stringify(event(seq)) });
  }

  drop(code: number): void {
    this.onclose?.({ code });
  }

  get after(): string | null {
    return new URL(this.url).searchParams.get("after");
  }
}

const event = (seq: number): RunEvent => ({ event: "log", run_id: "r", seq, at: "2026-01-01T00:00:00Z" });

let seen: number[];
let states: string[];
let holes: Hole[];
let log: (after: number) => Promise<RunEvent[]>;
let feed: RunFeed;

const frame = () => vi.advanceTimersByTimeAsync(20);

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", PlayedSocket);
  PlayedSocket.all = [];
  seen = [];
  states = [];
  holes = [];
  log = () => Promise.resolve([]);
  feed = new RunFeed("r", 0, {
    deliver: (events) => seen.push(...events.map(({ seq }) => seq)),
    hole: (hole) => holes.push(hole),
    state: (state) => states.push(state),
    readLog: (after) => log(after),
  });
});

afterEach(() => {
  feed.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("RunFeed", () => {
  it("delivers once a frame and is live after the first pause", async () => {
    PlayedSocket.latest.open();
    PlayedSocket.latest.say(1, 2, 3);
    expect(seen).toEqual([]);
    await frame();
    expect(seen).toEqual([1, 2, 3]);
    await vi.advanceTimersByTimeAsync(300);
    expect(states).toEqual(["connecting", "catching-up", "live"]);
  });

  it("comes back after the last event that it delivered", async () => {
    PlayedSocket.latest.open();
    PlayedSocket.latest.say(1, 2);
    await frame();
    PlayedSocket.latest.drop(1006);
    expect(states.at(-1)).toBe("offline");
    await vi.advanceTimersByTimeAsync(300);
    expect(PlayedSocket.latest.after).toBe("2");
    PlayedSocket.latest.open();
    PlayedSocket.latest.say(2, 3);
    await frame();
    expect(seen).toEqual([1, 2, 3]);
  });

  it("waits longer each time, and never for more than four seconds", async () => {
    for (let attempt = 0; attempt < 12; attempt++) {
      PlayedSocket.latest.drop(1006);
      await vi.advanceTimersByTimeAsync(4_000);
      expect(PlayedSocket.all).toHaveLength(attempt + 2);
    }
  });

  it("fills a hole from the log and says so", async () => {
    log = (after) => Promise.resolve([after + 1, after + 2].map(event));
    PlayedSocket.latest.open();
    PlayedSocket.latest.say(1, 4, 5);
    await frame();
    await frame();
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    expect(holes).toEqual([{ from: 2, to: 3, isFilled: true }]);
  });

  it("says what the log itself has lost, and goes on", async () => {
    PlayedSocket.latest.open();
    PlayedSocket.latest.say(1, 4);
    await frame();
    await frame();
    expect(seen).toEqual([1, 4]);
    expect(holes).toEqual([{ from: 2, to: 3, isFilled: false }]);
  });

  it("tries the log again while the server is away", async () => {
    let calls = 0;
    log = () => (++calls < 3 ? Promise.reject(new Error("away")) : Promise.resolve([event(2)]));
    PlayedSocket.latest.open();
    PlayedSocket.latest.say(1, 3);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(seen).toEqual([1, 2, 3]);
  });

  it("ends with the run, and delivers what came last", async () => {
    PlayedSocket.latest.open();
    PlayedSocket.latest.say(1, 2);
    PlayedSocket.latest.drop(1000);
    expect(seen).toEqual([1, 2]);
    expect(states.at(-1)).toBe("ended");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(PlayedSocket.all).toHaveLength(1);
    expect(states.at(-1)).toBe("ended");
  });

  it("fills a hole that it finds at the very end, and stays ended", async () => {
    log = (after) => Promise.resolve([event(after + 1)]);
    PlayedSocket.latest.open();
    PlayedSocket.latest.say(1, 3);
    PlayedSocket.latest.drop(1000);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(seen).toEqual([1, 2, 3]);
    expect(states.at(-1)).toBe("ended");
  });

  it("stops at a refusal", async () => {
    PlayedSocket.latest.open();
    PlayedSocket.latest.drop(4404);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(states.at(-1)).toBe("refused");
    expect(PlayedSocket.all).toHaveLength(1);
  });

  it("takes silence for a dead line", async () => {
    PlayedSocket.latest.open();
    await vi.advanceTimersByTimeAsync(SILENCE_MS + 5_000);
    expect(PlayedSocket.all).toHaveLength(2);
    expect(states).toContain("offline");
  });

  it("is kept alive by the server's heartbeat", async () => {
    PlayedSocket.latest.open();
    for (let beat = 0; beat < 8; beat++) {
      await vi.advanceTimersByTimeAsync(15_000);
      PlayedSocket.latest.onmessage?.({ data: '{"event":"heartbeat"}' });
    }
    expect(PlayedSocket.all).toHaveLength(1);
    expect(seen).toEqual([]);
  });
});
