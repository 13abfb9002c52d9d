import { Activity, FileText, Inbox, Workflow } from "lucide-react";
import { text } from "@/shared/text";

export const NAV_ITEMS = [
  { to: "/runs", label: text.nav.runs, icon: Activity },
  { to: "/inbox", label: text.nav.inbox, icon: Inbox },
  { to: "/workflows", label: text.nav.workflows, icon: Workflow },
  { to: "/artifacts", label: text.nav.artifacts, icon: FileText },
] as const;
