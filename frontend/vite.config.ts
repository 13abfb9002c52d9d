import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// `npm run dev` talks to a server that runs beside it; another one is named by FASTGRAPH_URL.
const server = process.env.FASTGRAPH_URL ?? "http://127.0.0.1:8000";

// The server refuses a foreign Origin, so the proxy presents its own.
const proxied = { target: server, changeOrigin: true, headers: { origin: server } };

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: "../api/dashboard",
    emptyOutDir: true,
    target: ["chrome123", "firefox120", "safari17.5"],
    // Inlined assets would need `data:` in the content security policy.
    assetsInlineLimit: 0,
  },
  server: {
    host: "127.0.0.1",
    port: 5173,
    proxy: {
      "/api": { ...proxied, ws: true },
      "/docs": proxied,
      "/redoc": proxied,
      "/openapi.json": proxied,
    },
  },
  test: {
    environment: "jsdom",
    setupFiles: ["src/test-setup.ts"],
    include: ["src/**/*.test.{ts,tsx}"],
    maxWorkers: 2,
  },
});
