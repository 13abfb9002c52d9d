import { useMay } from "@/shared/api/get-caller";
import { useTitle } from "@/shared/hooks/use-title";
import { text } from "@/shared/text";
import { PageHeader } from "@/shared/ui/page-header";
import { AuditSection } from "./audit-section";
import { KeysSection } from "./keys-section";

/** Who may come in, and what was ordered by whom. */
export function AccessPage() {
  useTitle(text.keys.page);
  const mayOperate = useMay("operate");
  return (
    <div className="flex flex-col gap-4 p-4 lg:p-6">
      <PageHeader title={text.keys.page} />
      {mayOperate && <KeysSection />}
      <AuditSection />
    </div>
  );
}
