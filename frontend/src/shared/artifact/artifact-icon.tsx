import { File, FileImage, FileJson, FileSpreadsheet, FileText, type LucideIcon } from "lucide-react";
import type { Artifact } from "@/shared/api/types";
import { type PreviewKind, previewKind } from "./preview-kind";

const ICONS: Record<PreviewKind, LucideIcon> = {
  image: FileImage,
  json: FileJson,
  csv: FileSpreadsheet,
  markdown: FileText,
  text: FileText,
  none: File,
};

export function ArtifactIcon({ artifact }: { artifact: Artifact }) {
  const Icon = ICONS[previewKind(artifact.media_type, artifact.name)];
  return <Icon aria-hidden className="size-4 shrink-0 text-ink-faint" strokeWidth={1.75} />;
}
