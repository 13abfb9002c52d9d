import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiKey, apiKey, keyProtocols } from "./api-key";
import { send } from "./send";

function storage(): Storage {
  const kept = new Map<string, string>();
  return {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
    removeItem: (name: string) => void kept.delete(name),
  } as Storage;
}

afterEach(() => {
  vi.unstubAllGlobals();
  apiKey.forget();
});

describe("the key of the page", () => {
  it("is asked for only when a request was refused", () => {
    const key = new ApiKey(storage());
    expect(key.get()).toEqual({ key: null, isAsked: false, isRefused: false });
    key.refused(null);
    expect(key.get()).toEqual({ key: null, isAsked: true, isRefused: false });
  });

  it("lives as long as the tab and is forgotten on demand", () => {
    const store = storage();
    new ApiKey(store).use("fg_secret");
    const again = new ApiKey(store);
    expect(again.get().key).toBe("fg_secret");
    again.forget();
    expect(again.get()).toEqual({ key: null, isAsked: true, isRefused: false });
    expect(new ApiKey(store).get().key).toBeNull();
  });

  it("is dropped when it is refused, and the page says so, also when a request without one follows", () => {
    const key = new ApiKey(storage());
    key.use("revoked");
    key.refused("revoked");
    key.refused(null);
    expect(key.get()).toEqual({ key: null, isAsked: true, isRefused: true });
  });

  it("is not lost to a late answer that an older key got", () => {
    const key = new ApiKey(storage());
    key.use("new");
    key.refused("old");
    key.refused(null);
    expect(key.get()).toEqual({ key: "new", isAsked: false, isRefused: false });
  });

  it("goes over a WebSocket as a subprotocol that holds token characters only", () => {
    expect(keyProtocols(null)).toEqual([]);
    const [plain, coded = ""] = keyProtocols("ké/y+?=>~~~");
    expect(plain).toBe("fastgraph");
    expect(coded).toMatch(/^fastgraph\.key\.[\w-]+$/);
    const base64 = coded.slice("fastgraph.key.".length).replaceAll("-", "+").replaceAll("_", "/");
    const back = new TextDecoder().decode(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)));
    expect(back).toBe("ké/y+?=>~~~");
  });
});

describe("a request", () => {
  it("carries the key beside its own headers, and a 401 asks for another", async () => {
    const seen: Headers[] = [];
    vi.stubGlobal("fetch", async (_: unknown, init: RequestInit) => {
      seen.push(new Headers(init.headers));
      return new Response(null, { status: 401 });
    });
    apiKey.use("abc");
    await send("/api/runs/", { headers: { accept: "application/json" } });
    expect(seen[0]?.get("authorization")).toBe("Bearer abc");
    expect(seen[0]?.get("accept")).toBe("application/json");
    expect(apiKey.get()).toEqual({ key: null, isAsked: true, isRefused: true });
  });

  it("stays as it is where there is no key", async () => {
    const fetched = vi.fn(async () => new Response("[]"));
    vi.stubGlobal("fetch", fetched);
    await send("/api/runs/");
    expect(fetched).toHaveBeenCalledWith("/api/runs/", undefined);
  });
});
