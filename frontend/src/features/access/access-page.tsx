import { useMay } from "@/shared/api/get-caller";
import { useTitle } from "@/shared/hooks/use-title";
import { PageHeader } from "@/shared/ui/page-header";
import { AuditSection } from "./audit-section";
import { KeysSection } from "./keys-section";
import { keysText } from "./text";

/** Who may come in, and what was ordered by whom. */
export function AccessPage() {
  useTitle(keysText.page);
  const mayOperate = useMay("operate");
  return (
    <div className="flex flex-col gap-4 p-4 lg:p-6">
      <PageHeader title={keysText.page} />
      {mayOperate && <KeysSection />}
      <AuditSection />
    </div>
  );
}
