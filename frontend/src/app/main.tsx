import "@/styles/main.css";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { KeyGate } from "./key-gate";
import { Providers } from "./providers";
import { router } from "./router";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no element #root for the page to live in.");

createRoot(root).render(
  <StrictMode>
    <Providers>
      <KeyGate>
        <RouterProvider router={router} />
      </KeyGate>
    </Providers>
  </StrictMode>,
);
