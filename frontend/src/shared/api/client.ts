import createClient from "openapi-fetch";
import type { paths } from "./schema.gen";
import { send } from "./send";

/** The typed client. It always talks to the origin that served the page. */
export const api = createClient<paths>({
  baseUrl: window.location.origin,
  fetch: (request) => send(request),
});
