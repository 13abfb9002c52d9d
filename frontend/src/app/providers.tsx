import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { ApiProblem } from "@/shared/api/problem";
import { Connection, ConnectionContext } from "@/shared/feed/connection";

const MAX_RETRIES = 3;

/** What the server has answered is an answer; only silence is asked again. */
function shouldRetry(failures: number, error: unknown): boolean {
  const isAnswer = error instanceof ApiProblem && !error.isUnreachable && error.status < 500;
  return !isAnswer && failures < MAX_RETRIES;
}

export function Providers({ children }: { children: ReactNode }) {
  const [client] = useState(
    () => new QueryClient({ defaultOptions: { queries: { retry: shouldRetry, staleTime: 5_000 } } }),
  );
  const [connection] = useState(() => new Connection());
  return (
    <QueryClientProvider client={client}>
      <ConnectionContext value={connection}>{children}</ConnectionContext>
    </QueryClientProvider>
  );
}
