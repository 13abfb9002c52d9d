import { Activity, FileText, Inbox, KeyRound, Network, Workflow } from "lucide-react";
import { text } from "@/shared/text";

export const NAV_ITEMS = [
  { to: "/runs", label: text.nav.runs, icon: Activity },
  { to: "/inbox", label: text.nav.inbox, icon: Inbox },
  { to: "/workflows", label: text.nav.workflows, icon: Workflow },
  { to: "/artifacts", label: text.nav.artifacts, icon: FileText },
  { to: "/actors", label: text.nav.actors, icon: Network },
  { to: "/access", label: text.nav.access, icon: KeyRound },
] as const;
