import { Activity, FileText, Workflow } from "lucide-react";
import { text } from "@/shared/text";

export const NAV_ITEMS = [
  { to: "/runs", label: text.nav.runs, icon: Activity },
  { to: "/workflows", label: text.nav.workflows, icon: Workflow },
  { to: "/artifacts", label: text.nav.artifacts, icon: FileText },
] as const;
