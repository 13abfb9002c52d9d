import createClient from "openapi-fetch";
import type { paths } from "./schema.gen";

/** The typed client. It always talks to the origin that served the page. */
export const api = createClient<paths>({
  baseUrl: window.location.origin,
  // Looked up at each call, so that a test can put its own in place.
  fetch: (request) => globalThis.fetch(request),
});
