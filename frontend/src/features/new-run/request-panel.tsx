import { useState } from "react";
import { JsonEditor } from "@/shared/json/json-editor";
import { text } from "@/shared/text";
import { CopyButton } from "@/shared/ui/copy-button";
import { TabPanel } from "@/shared/ui/tab-panel";
import { Tabs } from "@/shared/ui/tabs";

interface RequestPanelProps {
  payload: unknown;
  onPayload: (payload: unknown) => void;
  fault: string | null;
  onFault: (fault: string | null) => void;
  curl: string;
}

const TABS = [
  { id: "json", label: text.newRun.json },
  { id: "curl", label: text.newRun.curl },
];

/** The same request in two other ways of writing it: as JSON that can be edited, and as a command. */
export function RequestPanel({ payload, onPayload, fault, onFault, curl }: RequestPanelProps) {
  const [tab, setTab] = useState("json");
  return (
    <Tabs
      label={text.newRun.input}
      tabs={TABS}
      value={tab}
      onChange={setTab}
      className="card overflow-hidden"
    >
      <TabPanel id="json" className="flex flex-col gap-2 p-3">
        <JsonEditor
          label={text.newRun.jsonLabel}
          value={payload}
          onChange={onPayload}
          fault={fault}
          onFault={onFault}
          className="min-h-72"
        />
        {fault !== null && (
          <p role="alert" className="text-xs text-bad">
            {text.newRun.jsonFault(fault)}
          </p>
        )}
      </TabPanel>
      <TabPanel id="curl" className="relative p-3">
        <CopyButton value={curl} className="absolute top-2 right-2" />
        <pre className="pr-8 font-mono text-xs break-all whitespace-pre-wrap">{curl}</pre>
      </TabPanel>
    </Tabs>
  );
}
