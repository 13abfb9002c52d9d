import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Hourglass } from "lucide-react";
import type { ReactNode } from "react";
import type { Run } from "@/shared/api/types";
import { JsonPanel } from "@/shared/json/json-panel";
import { EmptyState } from "@/shared/ui/empty-state";
import { TabPanel } from "@/shared/ui/tab-panel";
import { Tabs } from "@/shared/ui/tabs";
import { listRunArtifacts } from "./api/list-run-artifacts";
import { RunArtifacts } from "./artifacts/run-artifacts";
import { Console } from "./console/console";
import type { RunLog } from "./run-log";
import { StatePanel } from "./state/state-panel";
import { resultText, runText } from "./text";

const route = getRouteApi("/runs/$runId");

export function RunTabs({ run, log }: { run: Run; log: RunLog }) {
  const { tab = "console" } = route.useSearch();
  const navigate = route.useNavigate();
  const artifacts = useQuery(listRunArtifacts(run.run_id));
  const count = artifacts.data?.length;
  const { tabs } = runText;
  const all = [
    { id: "console", label: tabs.console },
    { id: "artifacts", label: tabs.artifacts, note: count || undefined },
    { id: "state", label: tabs.state },
    { id: "input", label: tabs.input },
    { id: "result", label: tabs.result },
  ];
  const choose = (next: string) =>
    navigate({ search: (now) => ({ ...now, tab: next === "console" ? undefined : next }), replace: true });
  return (
    <Tabs
      label={runText.view}
      tabs={all}
      value={all.some(({ id }) => id === tab) ? tab : "console"}
      onChange={choose}
      className="card h-[36rem] overflow-hidden xl:h-auto"
    >
      <TabPanel id="console" className="data-[state=active]:flex">
        <Console run={run} log={log} />
      </TabPanel>
      <Scrolling id="artifacts" isPlain>
        <RunArtifacts run={run} />
      </Scrolling>
      <Scrolling id="state">
        <StatePanel run={run} />
      </Scrolling>
      <Scrolling id="input">
        <JsonPanel
          source={JSON.stringify(run.payload ?? null)}
          label={tabs.input}
          wholeUrl={`/api/runs/${run.run_id}`}
        />
      </Scrolling>
      <Scrolling id="result">
        {run.result === null || run.result === undefined ? (
          <EmptyState icon={Hourglass} title={resultText.empty} why={resultText.emptyWhy} />
        ) : (
          <JsonPanel
            source={JSON.stringify(run.result)}
            label={tabs.result}
            wholeUrl={`/api/runs/${run.run_id}`}
          />
        )}
      </Scrolling>
    </Tabs>
  );
}

function Scrolling({
  id,
  isPlain = false,
  children,
}: {
  id: string;
  isPlain?: boolean;
  children: ReactNode;
}) {
  return (
    <TabPanel id={id} className={isPlain ? "overflow-y-auto" : "overflow-y-auto p-4"}>
      {children}
    </TabPanel>
  );
}
