import { useMutation, useQueryClient } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { type FormEvent, type ReactNode, useState } from "react";
import { apiKey, useApiKey } from "@/shared/api/api-key";
import { isAccepted, isWellFormed } from "@/shared/api/get-caller";
import { useTitle } from "@/shared/hooks/use-title";
import { text } from "@/shared/text";
import { Button } from "@/shared/ui/button";
import { ErrorState } from "@/shared/ui/error-state";
import { ProductMark } from "./shell/logo";

/** The pages, or the question for a key where the server wants one. The address stays, so one lands where one was. */
export function KeyGate({ children }: { children: ReactNode }) {
  const { isAsked } = useApiKey();
  return isAsked ? <KeyForm /> : children;
}

function KeyForm() {
  useTitle(text.access.title);
  const client = useQueryClient();
  const { isRefused } = useApiKey();
  const [typed, setTyped] = useState("");
  const key = typed.trim();
  const isMalformed = key !== "" && !isWellFormed(key);
  const check = useMutation({
    mutationFn: () => isAccepted(key),
    onSuccess: (isGood) => {
      if (!isGood) return;
      // What another key was shown is not this one's to see.
      client.clear();
      apiKey.use(key);
    },
  });
  const fault = isMalformed ? text.access.malformed : check.data === false ? text.access.wrong : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    check.mutate();
  };
  return (
    <main className="grid min-h-dvh place-items-center p-4">
      <form onSubmit={submit} className="card w-full max-w-md p-6">
        <ProductMark />
        <h1 className="mt-5 flex items-center gap-2 text-base font-semibold">
          <KeyRound aria-hidden className="size-4 text-ink-faint" />
          {text.access.title}
        </h1>
        <p className="mt-1 text-sm text-ink-soft">{text.access.why}</p>
        {isRefused && check.data !== false && (
          <p role="status" className="mt-3 rounded-lg bg-warn-soft px-3 py-2 text-sm text-warn">
            {text.access.refused}
          </p>
        )}
        <label className="mt-4 flex flex-col gap-1 text-sm font-medium">
          {text.access.key}
          <input
            type="password"
            name="key"
            value={typed}
            autoComplete="current-password"
            spellCheck={false}
            required
            aria-invalid={fault !== null}
            aria-describedby="key-fault"
            // biome-ignore lint/a11y/noAutofocus: the page has nothing else to do.
            autoFocus
            onChange={(event) => {
              setTyped(event.target.value);
              check.reset();
            }}
            className="field font-mono font-normal"
          />
        </label>
        <p id="key-fault" role="alert" className="mt-1 text-sm text-bad empty:hidden">
          {fault}
        </p>
        {check.isError && <ErrorState error={check.error} className="mt-3" />}
        <Button
          type="submit"
          look="primary"
          disabled={key === "" || isMalformed || check.isPending}
          className="mt-4 w-full"
        >
          {check.isPending ? text.access.checking : text.access.use}
        </Button>
      </form>
    </main>
  );
}
